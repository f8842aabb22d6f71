package org.sipproxy.testkit;

import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import org.sipproxy.core.options.ProxyClock;
import org.sipproxy.core.trace.Ladder;
import org.sipproxy.core.trace.RecordedMessage;
import org.sipproxy.message.ParseLimits;
import org.sipproxy.message.SipMessage;
import org.sipproxy.message.SipParseException;

/** Messages on the wire of a phone: the recent ones as lines, for the text of a failed wait, and a ladder. */
final class PhoneLog {

    /** Name of the other side in the ladder. */
    private static final String PEER = "proxy";

    private static final int KEPT = 60;
    private static final int START_LINE_LENGTH = 100;

    private final String user;
    private final Ladder ladder = new Ladder();
    private final ProxyClock clock;
    private final long startNanos;
    private final Deque<String> lines = new ArrayDeque<>();

    PhoneLog(String user, ProxyClock clock) {
        this.user = user.equals(PEER) ? "phone " + PEER : user;
        this.clock = clock;
        this.startNanos = clock.nanoTime();
    }

    Ladder ladder() {
        return ladder;
    }

    void sent(byte[] message) {
        note("-> " + summary(message));
        add(user, PEER, message);
    }

    void received(byte[] message) {
        note("<- " + summary(message));
        add(PEER, user, message);
    }

    private void add(String from, String to, byte[] bytes) {
        if (bytes.length == 0 || !Character.isLetter(bytes[0])) {
            return; // a keepalive, or not SIP
        }
        try {
            ladder.add(new RecordedMessage(clock.instant(), from, to, SipMessage.parse(bytes, ParseLimits.DEFAULT)));
        } catch (SipParseException e) {
            // in the lines only
        }
    }

    synchronized void note(String line) {
        if (lines.size() == KEPT) {
            lines.removeFirst();
        }
        lines.addLast("%8d ms %s".formatted((clock.nanoTime() - startNanos) / 1_000_000, line));
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
