package org.sipproxy.server.flow;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Optional;
import org.sipproxy.api.support.Quantity;

/** Complete messages in a terminal: a line with time and addresses, then the message. */
public final class MessagesOutput implements TraceOutput {

    private final PrintWriter out;
    private final DateTimeFormatter clock;
    private final MessageNotes notes = new MessageNotes();

    /** Creates an output with times in a zone. */
    public MessagesOutput(PrintWriter out, ZoneId zone) {
        this.out = out;
        this.clock = DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSXXX").withZone(zone);
    }

    @Override
    public void add(TracedMessage message) {
        Optional<Long> repeated = notes.add(message);
        out.println("#" + message.number() + " " + clock.format(message.time()) + " "
                + message.transport().lowerCase()
                + " " + AddressText.of(message.source()) + " > " + AddressText.of(message.destination()) + " bytes="
                + message.text().length()
                + repeated.map(first -> " retransmission of #" + first).orElse(""));
        if (!message.isKeepalive() && repeated.isEmpty()) {
            SecretMask.printable(message.text().getBytes(StandardCharsets.ISO_8859_1))
                    .stripTrailing()
                    .lines()
                    .forEach(line -> out.println("    " + line));
        }
        out.println();
        out.flush();
    }

    @Override
    public void missed(long count) {
        out.println("… " + Quantity.of(count, "message") + " missing: more arrived than could be read");
        out.println();
        out.flush();
    }
}
