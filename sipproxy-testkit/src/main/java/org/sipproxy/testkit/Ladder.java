package org.sipproxy.testkit;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.sipproxy.api.event.WireListener;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.SipMessage;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipResponse;

/**
 * Record of the messages on the wire of a proxy, in order. {@link #arrows()} is for assertions, {@link #toString()} for
 * reading. Add it with {@code SipProxyBuilder.wireListener}, as {@link SipProxyExtension} does. Thread-safe.
 */
public final class Ladder implements WireListener {

    /** Text at the end of each line of the diagram. */
    @FunctionalInterface
    public interface Notes {

        /**
         * Returns the note for a message; one line. Called on threads of the proxy, must not block.
         *
         * @param from name of the sender: {@code proxy}, or that of a peer
         * @param to name of the receiver
         * @throws SipParseException if the message is malformed; the note is then that of the exception
         */
        String of(String from, String to, SipMessage message) throws SipParseException;
    }

    private static final String PROXY = "proxy";
    /** Number of recent messages that are kept, for load tests. */
    private static final int MOST = 10_000;
    /** Number of columns between two rails. */
    private static final int GAP = 26;
    /** Number of columns before the first rail, for the time. */
    private static final int MARGIN = 12;

    private final Function<InetSocketAddress, Optional<String>> names;
    private final Notes notes;
    private final Deque<Arrow> arrows = new ArrayDeque<>();
    private final Set<String> seen = new HashSet<>();
    private long startNanos = System.nanoTime();

    /** Recorded message. */
    private record Arrow(long millis, String from, String to, String label, String detail) {

        @Override
        public String toString() {
            return from + " -> " + to + ": " + label;
        }
    }

    /** Creates a ladder in which peers are named by their addresses. */
    public Ladder() {
        this(address -> Optional.empty());
    }

    /**
     * Creates a ladder in which peers have names.
     *
     * @param names returns the name of an address; called for each message on threads of the proxy, must not block
     */
    public Ladder(Function<InetSocketAddress, Optional<String>> names) {
        this(names, Ladder::detail);
    }

    /**
     * Creates a ladder in which peers have names and messages have notes, such as explanations for a reader.
     *
     * @param names returns the name of an address; called for each message on threads of the proxy, must not block
     * @param notes returns the note for a message. Default: Request-URI, or method of a response
     */
    public Ladder(Function<InetSocketAddress, Optional<String>> names, Notes notes) {
        this.names = Objects.requireNonNull(names, "names");
        this.notes = Objects.requireNonNull(notes, "notes");
    }

    @Override
    public void received(SipMessage message, Flow from) {
        String peer = name(from.remoteAddress());
        add(peer, PROXY, message);
    }

    @Override
    public void sent(SipMessage message, Flow to) {
        String peer = name(to.remoteAddress());
        add(PROXY, peer, message);
    }

    private String name(InetSocketAddress address) {
        return names.apply(address).orElseGet(() -> address.getAddress().getHostAddress() + ":" + address.getPort());
    }

    private synchronized void add(String from, String to, SipMessage message) {
        long millis = (System.nanoTime() - startNanos) / 1_000_000;
        String label = label(message);
        boolean repeated = !seen.add(from + " " + to + " " + label + " " + identity(message));
        if (arrows.size() == MOST) {
            arrows.removeFirst();
        }
        arrows.addLast(new Arrow(millis, from, to, label, note(from, to, message) + (repeated ? " (again)" : "")));
        notifyAll();
        if (seen.size() == MOST) {
            seen.clear();
        }
    }

    /** Returns the headers that only a message and its retransmissions share. */
    private static String identity(SipMessage message) {
        return Stream.of(HeaderName.VIA, HeaderName.CALL_ID, HeaderName.CSEQ)
                .map(name -> message.header(name).orElse(""))
                .collect(Collectors.joining(" "));
    }

    private static String label(SipMessage message) {
        return message instanceof SipResponse response
                ? response.statusCode() + " " + response.reasonPhrase()
                : ((SipRequest) message).method().name();
    }

    private String note(String from, String to, SipMessage message) {
        try {
            return notes.of(from, to, message);
        } catch (SipParseException e) {
            return String.valueOf(e.getMessage());
        }
    }

    private static String detail(String from, String to, SipMessage message) throws SipParseException {
        return message instanceof SipResponse response
                ? "to " + response.cseq().method()
                : ((SipRequest) message).requestUri().toString();
    }

    /**
     * Returns the latest 10,000 messages as {@code alice -> proxy: INVITE} or {@code proxy -> alice: 180 Ringing}, with
     * retransmissions.
     */
    public synchronized List<String> arrows() {
        return arrows.stream().map(Arrow::toString).toList();
    }

    /**
     * Waits until these messages are recorded, in any order, because a message may be recorded shortly after a phone
     * has received it.
     *
     * @param expected messages in the form of {@link #arrows()}; one that is given twice must be recorded twice
     * @return the messages that are still missing after {@code patience}
     */
    public synchronized List<String> awaitMissing(List<String> expected, Duration patience) {
        long deadline = System.nanoTime() + patience.toNanos();
        while (true) {
            List<String> missing = missing(expected);
            long millis = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
            if (missing.isEmpty() || millis <= 0) {
                return missing;
            }
            try {
                wait(millis);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new AssertionError("interrupted while waiting", e);
            }
        }
    }

    private List<String> missing(List<String> expected) {
        List<String> recorded = new ArrayList<>(arrows());
        List<String> missing = new ArrayList<>();
        for (String arrow : expected) {
            if (!recorded.remove(arrow)) {
                missing.add(arrow);
            }
        }
        return missing;
    }

    /** Removes all messages, and counts time from now. */
    public synchronized void clear() {
        arrows.clear();
        seen.clear();
        startNanos = System.nanoTime();
    }

    /**
     * Returns the diagram: a rail for the proxy and each peer, and a line per message with time, arrow and note.
     */
    @Override
    public synchronized String toString() {
        if (arrows.isEmpty()) {
            return "no messages on the proxy's wire\n";
        }
        List<String> columns = columns();
        StringBuilder out = new StringBuilder();
        out.append(heads(columns)).append('\n').append(rails(columns)).append('\n');
        for (Arrow arrow : arrows) {
            StringBuilder line = new StringBuilder(rails(columns));
            String time = arrow.millis() + " ms";
            line.replace(0, time.length(), time);
            draw(line, columns.indexOf(arrow.from()), columns.indexOf(arrow.to()), arrow.label());
            out.append(line).append("  ").append(arrow.detail()).append('\n');
        }
        return out.append(rails(columns)).append('\n').toString();
    }

    /** Returns the names in order of appearance, with the proxy second. */
    private List<String> columns() {
        Set<String> peers = new LinkedHashSet<>();
        for (Arrow arrow : arrows) {
            peers.add(arrow.from().equals(PROXY) ? arrow.to() : arrow.from());
        }
        List<String> columns = new ArrayList<>(peers);
        columns.add(1, PROXY);
        return columns;
    }

    private static String heads(List<String> columns) {
        StringBuilder line = new StringBuilder();
        for (int i = 0; i < columns.size(); i++) {
            String head = columns.get(i);
            line.append(" ".repeat(Math.max(line.isEmpty() ? 0 : 1, rail(i) - head.length() / 2 - line.length())));
            line.append(head);
        }
        return line.toString();
    }

    private static String rails(List<String> columns) {
        StringBuilder line = new StringBuilder(" ".repeat(MARGIN));
        for (int i = 0; i < columns.size(); i++) {
            line.append(i == 0 ? "|" : " ".repeat(GAP) + "|");
        }
        return line.toString();
    }

    private static int rail(int column) {
        return MARGIN + column * (GAP + 1);
    }

    /**
     * Returns an arrow such as {@code -- INVITE ---------------->} or {@code <- 180 Ringing -------------}, across the
     * rails in between.
     */
    private static void draw(StringBuilder line, int from, int to, String label) {
        int left = rail(Math.min(from, to)) + 1;
        int width = rail(Math.max(from, to)) - left;
        int room = width - 5;
        String text = label.length() <= room ? label : label.substring(0, room - 2) + "..";
        String dashes = "-".repeat(room - text.length());
        line.replace(
                left, left + width, from < to ? "-- " + text + " " + dashes + ">" : "<- " + text + " " + dashes + "-");
    }
}
