package org.sipproxy.server.command;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.sipproxy.server.control.ControlClient;
import org.sipproxy.server.flow.HtmlOutput;
import org.sipproxy.server.flow.LadderOutput;
import org.sipproxy.server.flow.MessagesOutput;
import org.sipproxy.server.flow.PcapOutput;
import org.sipproxy.server.flow.TraceEvent;
import org.sipproxy.server.flow.TraceMethod;
import org.sipproxy.server.flow.TraceOutput;
import org.sipproxy.server.flow.TracedMessage;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Command that shows messages as a running server receives and sends them. */
@Command(
        name = "trace",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        descriptionHeading = "%n",
        description = {
            "Shows the messages that a running server receives and sends, as they happen, until Ctrl-C.",
            "With a user, a Call-ID or a source, all messages of the calls and registrations that it concerns are shown,",
            "on all branches. Secrets are masked; TLS and WebSocket are in clear."
        },
        optionListHeading = "%nOptions:%n",
        footerHeading = "%nExamples:%n",
        footer = {
            "  The calls and registrations of one user, as a ladder:",
            "    ${ROOT-COMMAND-NAME} trace 1001",
            "  What a phone sends, as text:",
            "    ${ROOT-COMMAND-NAME} trace --source 192.0.2.7 --messages",
            "  One minute for a browser and for Wireshark:",
            "    ${ROOT-COMMAND-NAME} trace 1001 --seconds 60 --html call.html --pcap call.pcap"
        })
public final class TraceCommand extends ControlCommand {

    @Parameters(
            arity = "0..1",
            paramLabel = "USER",
            description = "User of From, To or Request-URI, as 1001 or 1001@sip.test. Default: all messages.")
    private @Nullable String user;

    @Option(names = "--call-id", paramLabel = "ID", description = "Messages with this Call-ID.")
    private @Nullable String callId;

    @Option(
            names = "--source",
            paramLabel = "NETWORK",
            description = "Calls and registrations of peers at this address, such as 192.0.2.7 or 192.0.2.0/24.")
    private @Nullable String source;

    @Option(names = "--messages", description = "Prints complete messages instead of a ladder.")
    private boolean messages;

    @Option(
            names = "--html",
            paramLabel = "FILE",
            description = "Also writes the ladder with its messages as an HTML page, when the trace ends.")
    private @Nullable Path html;

    @Option(names = "--pcap", paramLabel = "FILE", description = "Also writes a pcap file, for Wireshark.")
    private @Nullable Path pcap;

    @Option(names = "--keepalives", description = "Shows keepalives too: line ends and STUN.")
    private boolean keepalives;

    @Option(names = "--count", paramLabel = "N", description = "Ends after N messages.")
    private @Nullable Integer count;

    @Option(names = "--seconds", paramLabel = "N", description = "Ends after N seconds. Default and at most 86400.")
    private @Nullable Integer seconds;

    private final List<TraceOutput> outputs = new ArrayList<>();
    private boolean isClosed;

    @Override
    protected int run(ControlClient server) throws IOException {
        try {
            open();
        } catch (IOException e) {
            return fail(ExitStatus.FAILED, "cannot write " + e.getMessage());
        }
        Thread atExit = new Thread(this::closeQuietly);
        Runtime.getRuntime().addShutdownHook(atExit); // Ctrl-C ends the trace: the files are completed
        try {
            boolean ended = server.stream(TraceMethod.NAME, params(), this::announce, this::show);
            close();
            return ended
                    ? ExitStatus.OK
                    : fail(
                            ExitStatus.FAILED,
                            "the server ended the trace: it stopped, or it sends faster than this"
                                    + " command reads; narrow the trace down with a user or --source");
        } catch (UncheckedIOException e) {
            return fail(ExitStatus.FAILED, "cannot write " + e.getMessage());
        } finally {
            closeQuietly();
            removeHook(atExit);
        }
    }

    private void announce() {
        if (!isJson()) {
            warn("watching " + title() + "; Ctrl-C ends");
        }
    }

    private TraceMethod.Params params() {
        return new TraceMethod.Params(
                Optional.ofNullable(user),
                Optional.ofNullable(callId),
                Optional.ofNullable(source),
                keepalives,
                Optional.ofNullable(count),
                Optional.ofNullable(seconds));
    }

    private void open() throws IOException {
        ZoneId zone = ZoneId.systemDefault();
        if (!isJson()) {
            outputs.add(messages ? new MessagesOutput(out(), zone) : new LadderOutput(out(), zone));
        }
        if (html != null) {
            outputs.add(new HtmlOutput(html, title(), zone));
        }
        if (pcap != null) {
            outputs.add(new PcapOutput(pcap));
        }
    }

    private String title() {
        String what = user != null ? " of " + user : callId != null ? " of Call-ID " + callId : "";
        return "SIP messages" + what + (source == null ? "" : " from " + source);
    }

    private synchronized boolean show(JsonElement event) {
        if (isClosed) {
            return false;
        }
        if (isJson()) {
            out().println(event);
            out().flush();
        }
        JsonObject values = event.getAsJsonObject();
        try {
            for (TraceOutput output : outputs) {
                if (values.has("missed")) {
                    output.missed(values.get("missed").getAsLong());
                } else {
                    output.add(message(values));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return !out().checkError(); // such as a closed pipe
    }

    private static TracedMessage message(JsonObject values) {
        return TraceEvent.message(
                values.get("number").getAsLong(),
                values.get("time").getAsString(),
                values.get("direction").getAsString(),
                values.get("transport").getAsString(),
                values.get("local").getAsString(),
                values.get("remote").getAsString(),
                values.get("text").getAsString());
    }

    private synchronized void close() throws IOException {
        if (isClosed) {
            return;
        }
        isClosed = true;
        for (TraceOutput output : outputs) {
            output.close();
        }
    }

    private void closeQuietly() {
        try {
            close();
        } catch (IOException e) {
            System.err.println("sipproxy: cannot write " + e.getMessage());
        }
    }

    private static void removeHook(Thread atExit) {
        try {
            Runtime.getRuntime().removeShutdownHook(atExit);
        } catch (IllegalStateException e) {
            // the program is ending, and the hook has run
        }
    }
}
