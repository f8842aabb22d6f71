package org.sipproxy.testkit;

import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;

/** Recent messages of a phone, one line each, for the text of a failed wait. */
final class PhoneLog {

    private static final int KEPT = 60;
    private static final int START_LINE_LENGTH = 100;

    private final long startNanos = System.nanoTime();
    private final Deque<String> lines = new ArrayDeque<>();

    void sent(byte[] message) {
        note("-> " + summary(message));
    }

    void received(byte[] message) {
        note("<- " + summary(message));
    }

    synchronized void note(String line) {
        if (lines.size() == KEPT) {
            lines.removeFirst();
        }
        lines.addLast("%8d ms %s".formatted((System.nanoTime() - startNanos) / 1_000_000, line));
    }

    synchronized String text() {
        return lines.isEmpty() ? "no messages on its wire" : "messages on its wire:\n" + String.join("\n", lines);
    }

    private static String summary(byte[] message) {
        String text = new String(message, StandardCharsets.UTF_8);
        int end = text.indexOf("\r\n");
        if (end <= 0) {
            return "keepalive of " + message.length + " bytes";
        }
        String start = text.substring(0, Math.min(end, START_LINE_LENGTH));
        int cseq = text.indexOf("\r\nCSeq: ");
        return cseq < 0 ? start : start + "  (CSeq " + text.substring(cseq + 8, text.indexOf("\r\n", cseq + 8)) + ")";
    }
}
