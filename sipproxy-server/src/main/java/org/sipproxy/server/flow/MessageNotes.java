package org.sipproxy.server.flow;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.sipproxy.core.trace.MessageText;
import org.sipproxy.message.SipMessage;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.Via;

/**
 * What a message is in its transaction: a retransmission, or a message of one of several branches. Reads messages in
 * their order. The branches of a forked request have the same second Via and different first ones (RFC 3261 §16.6 step
 * 8). Bounded. Not thread-safe.
 */
final class MessageNotes {

    private static final int MOST = 10_000;

    /** Branch of a forked request, numbered from 1. */
    private record Fork(String parent, int number) {}

    private final Map<String, long[]> firsts = bounded();
    private final Map<String, Fork> forks = bounded();
    private final Map<String, Integer> branches = bounded();

    private static <V> Map<String, V> bounded() {
        return new LinkedHashMap<>() {
            private static final long serialVersionUID = 1;

            @Override
            protected boolean removeEldestEntry(Map.Entry<String, V> eldest) {
                return size() > MOST;
            }
        };
    }

    /**
     * Reads the next message.
     *
     * @return the number of the message that it repeats; empty if it is new
     */
    Optional<Long> add(TracedMessage traced) {
        SipMessage message = traced.message().orElse(null);
        if (message == null) {
            return Optional.empty();
        }
        addBranch(message);
        String identity = traced.isReceived() + " " + traced.peer() + " " + MessageText.identity(message);
        long[] first = firsts.putIfAbsent(identity, new long[] {traced.number()});
        return first == null ? Optional.empty() : Optional.of(first[0]);
    }

    private void addBranch(SipMessage message) {
        List<Via> vias = viasOf(message);
        if (vias.size() < 2 || forks.containsKey(vias.get(0).branch())) {
            return;
        }
        String parent = vias.get(1).branch() + " " + vias.get(1).host() + " " + methodOf(message);
        forks.put(vias.get(0).branch(), new Fork(parent, branches.merge(parent, 1, Integer::sum)));
    }

    /** Returns the number of the message's branch, from 1; 0 if its request was not forked so far. */
    int branchOf(TracedMessage traced) {
        SipMessage message = traced.message().orElse(null);
        List<Via> vias = message == null ? List.of() : viasOf(message);
        @Nullable Fork fork = vias.isEmpty() ? null : forks.get(vias.get(0).branch());
        return fork != null && branches.getOrDefault(fork.parent(), 0) > 1 ? fork.number() : 0;
    }

    private static List<Via> viasOf(SipMessage message) {
        try {
            return message.vias();
        } catch (SipParseException e) {
            return List.of();
        }
    }

    private static String methodOf(SipMessage message) {
        try {
            return message.cseq().method().name();
        } catch (SipParseException e) {
            return "";
        }
    }

    /** Returns the text on the arrow of a message. */
    static String label(TracedMessage traced) {
        return traced.message().map(MessageText::label).orElse(traced.isKeepalive() ? "keepalive" : "malformed");
    }

    /** Returns the text beside the arrow of a message. */
    static String detail(TracedMessage traced) {
        SipMessage message = traced.message().orElse(null);
        if (message == null) {
            return traced.text().length() + " bytes";
        }
        try {
            return MessageText.detail(message);
        } catch (SipParseException e) {
            return MessageText.printable(String.valueOf(e.getMessage()));
        }
    }
}
