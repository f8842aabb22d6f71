package org.sipproxy.core.trace;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.event.WireListener;
import org.sipproxy.api.event.WireMessage;
import org.sipproxy.core.internal.time.Deadline;
import org.sipproxy.message.HostName;
import org.sipproxy.message.SipMessage;
import org.sipproxy.message.SipParseException;

/**
 * Record of the messages on the wire of a proxy, in order. {@link #arrows()} and {@link #messages()} are for
 * assertions, {@link #toString()} for reading. Add it with {@code SipProxyBuilder.wireListener}, as the testkit does. Does not record keepalives. Times
 * count from the first message. Thread-safe.
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

    private final Function<InetSocketAddress, Optional<String>> names;
    private final Notes notes;
    private final Deque<Arrow> arrows = new ArrayDeque<>();
    private final Set<String> seen = new HashSet<>();
    private @Nullable Instant start;

    /** Line of the diagram; the message is null if it is not SIP. */
    private record Arrow(
            Instant time,
            String from,
            String to,
            String label,
            String note,
            @Nullable SipMessage message,
            boolean isRepeated) {

        Stream<RecordedMessage> recorded() {
            return message == null ? Stream.empty() : Stream.of(new RecordedMessage(time, from, to, message));
        }

        String detail() {
            return isRepeated ? note + " (again)" : note;
        }

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
        this(names, (from, to, message) -> MessageText.detail(message));
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
    public void onMessage(WireMessage message) {
        if (message.isKeepalive()) {
            return;
        }
        String peer = name(message.flow().remoteAddress());
        if (message.isReceived()) {
            add(peer, PROXY, message);
        } else {
            add(PROXY, peer, message);
        }
    }

    private String name(InetSocketAddress address) {
        return names.apply(address)
                .filter(name -> !name.equals(PROXY))
                .orElseGet(() -> HostName.text(address.getAddress()) + ":" + address.getPort());
    }

    private void add(String from, String to, WireMessage wire) {
        SipMessage message = wire.message().orElse(null);
        if (message == null) {
            add(new Arrow(wire.time(), from, to, "malformed", wire.problem().orElse(""), null, false));
        } else {
            add(new RecordedMessage(wire.time(), from, to, message));
        }
    }

    /**
     * Adds a message that another peer has recorded, such as a phone.
     *
     * @throws IllegalArgumentException unless either the sender or the receiver is named {@code proxy}
     */
    public synchronized void add(RecordedMessage recorded) {
        String from = recorded.from();
        String to = recorded.to();
        if (from.equals(PROXY) == to.equals(PROXY)) {
            throw new IllegalArgumentException(
                    "recorded: from " + from + " to " + to + " (expected one of them to be " + PROXY + ")");
        }
        SipMessage message = recorded.message();
        boolean repeated = !seen.add(from + " " + to + " " + MessageText.identity(message));
        add(new Arrow(
                recorded.time(), from, to, MessageText.label(message), note(from, to, message), message, repeated));
        if (seen.size() == MOST) {
            seen.clear();
        }
    }

    private synchronized void add(Arrow arrow) {
        if (start == null) {
            start = arrow.time();
        }
        if (arrows.size() == MOST) {
            arrows.removeFirst();
        }
        arrows.addLast(arrow);
        notifyAll();
    }

    private String note(String from, String to, SipMessage message) {
        try {
            return notes.of(from, to, message);
        } catch (SipParseException e) {
            return String.valueOf(e.getMessage());
        }
    }

    /**
     * Returns the latest 10,000 messages as {@code alice -> proxy: INVITE} or {@code proxy -> alice: 180 Ringing}.
     * Omits retransmissions, which depend on how busy the machine is; the diagram shows them.
     */
    public synchronized List<String> arrows() {
        return arrows.stream()
                .filter(arrow -> !arrow.isRepeated())
                .map(Arrow::toString)
                .toList();
    }

    /**
     * Returns the latest 10,000 messages in their order, except what is not SIP. Omits retransmissions, like {@link
     * #arrows()}.
     */
    public synchronized List<RecordedMessage> messages() {
        return arrows.stream()
                .filter(arrow -> !arrow.isRepeated())
                .flatMap(Arrow::recorded)
                .toList();
    }

    /**
     * Waits until the recorded messages satisfy a condition, because a message may be recorded shortly after a phone
     * has received it.
     *
     * @param condition called with {@link #messages()} when a message has been recorded; must not block
     * @return false if they do not satisfy it after {@code patience}
     */
    public synchronized boolean await(Predicate<? super List<RecordedMessage>> condition, Duration patience) {
        return awaitUntil(() -> condition.test(messages()), patience);
    }

    private synchronized boolean awaitUntil(BooleanSupplier condition, Duration patience) {
        Deadline deadline = Deadline.in(patience);
        while (!condition.getAsBoolean()) {
            if (deadline.isOver()) {
                return false;
            }
            try {
                wait(Math.max(1, deadline.leftMillis()));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new AssertionError("interrupted while waiting", e);
            }
        }
        return true;
    }

    /**
     * Waits until these messages are recorded, in any order, because a message may be recorded shortly after a phone
     * has received it.
     *
     * @param expected messages in the form of {@link #arrows()}; one that is given twice must be recorded twice
     * @return the messages that are still missing after {@code patience}
     */
    public synchronized List<String> awaitMissing(List<String> expected, Duration patience) {
        awaitUntil(() -> missing(expected).isEmpty(), patience);
        return missing(expected);
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

    /** Removes all messages, and counts time from the next one. */
    public synchronized void clear() {
        arrows.clear();
        seen.clear();
        start = null;
    }

    /**
     * Returns the diagram: a rail for the proxy and each peer, and a line per message with time, arrow and note.
     */
    @Override
    public synchronized String toString() {
        if (arrows.isEmpty()) {
            return "no messages on the proxy's wire\n";
        }
        LadderDrawing drawing = new LadderDrawing(columns());
        Instant first = start == null ? Instant.EPOCH : start;
        StringBuilder out = new StringBuilder();
        out.append(drawing.heads()).append('\n').append(drawing.rails()).append('\n');
        for (Arrow arrow : arrows) {
            long millis = Duration.between(first, arrow.time()).toMillis();
            out.append(drawing.arrow(millis + " ms", arrow.from(), arrow.to(), arrow.label(), arrow.detail()))
                    .append('\n');
        }
        return out.append(drawing.rails()).append('\n').toString();
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
}
