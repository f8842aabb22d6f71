package org.sipproxy.server.flow;

import java.io.PrintWriter;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.sipproxy.api.support.Quantity;
import org.sipproxy.core.trace.LadderDrawing;

/**
 * Ladder in a terminal, a line for each message as it happens. The first peer stands left of the proxy, the others
 * right of it. A further peer takes the column of the one whose latest message is the oldest; then the names are
 * printed again.
 */
public final class LadderOutput implements TraceOutput {

    private static final String PROXY = "proxy";
    private static final int MOST_PEERS = 4;

    private final PrintWriter out;
    private final DateTimeFormatter clock;
    private final MessageNotes notes = new MessageNotes();
    private final List<String> peers = new ArrayList<>();
    /** Peers by their latest message, the oldest first. */
    private final List<String> recent = new ArrayList<>();

    /** Creates a ladder with times in a zone. */
    public LadderOutput(PrintWriter out, ZoneId zone) {
        this.out = out;
        this.clock = DateTimeFormatter.ofPattern("HH:mm:ss.SSS").withZone(zone);
    }

    @Override
    public void add(TracedMessage message) {
        Optional<Long> repeated = notes.add(message);
        String peer = message.peer();
        boolean isNew = !peers.contains(peer);
        if (isNew) {
            place(peer);
        }
        recent.remove(peer);
        recent.add(peer);
        LadderDrawing drawing = drawing();
        if (isNew) {
            out.println(drawing.heads());
            out.println(drawing.rails());
        }
        int branch = notes.branchOf(message);
        out.println(drawing.arrow(
                clock.format(message.time()),
                message.isReceived() ? peer : PROXY,
                message.isReceived() ? PROXY : peer,
                MessageNotes.label(message),
                MessageNotes.detail(message)
                        + (branch > 0 ? " (branch " + branch + ")" : "")
                        + (repeated.isPresent() ? " (again)" : "")));
        out.flush();
    }

    private void place(String peer) {
        if (peers.size() < MOST_PEERS) {
            peers.add(peer);
        } else {
            peers.set(peers.indexOf(recent.remove(0)), peer);
        }
    }

    private LadderDrawing drawing() {
        List<String> columns = new ArrayList<>(peers);
        columns.add(1, PROXY);
        return new LadderDrawing(columns);
    }

    @Override
    public void missed(long count) {
        out.println("… " + Quantity.of(count, "message") + " missing: more arrived than could be read");
        out.flush();
    }
}
