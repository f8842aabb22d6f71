package org.sipproxy.server.command;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.sipproxy.server.control.ControlClient;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Command that shows what a running server would do with a request. */
@Command(
        name = "explain",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        descriptionHeading = "%n",
        description = {
            "Shows what a running server would do with a request, and why, without sending anything: what each stage",
            "decides, the access rule, the check of the password, the NAT tests, the bindings and the next hop.",
            "Nothing changes: no counter, no lockout, no registration, no call.",
            "Exit status: 0 if the request would be relayed or get a 2xx, 1 if not."
        },
        optionListHeading = "%nOptions:%n",
        footerHeading = "%nExamples:%n",
        footer = {
            "  Why can 1001 not register from there?",
            "    ${ROOT-COMMAND-NAME} explain REGISTER --from 1001 --source 192.0.2.7:5060",
            "  Where would a call of 1001 to 1002 go?",
            "    ${ROOT-COMMAND-NAME} explain INVITE 1002 --from 1001 --source 192.0.2.7:5060 --as 1001",
            "  What happens to the request in a file, such as one that trace --messages has shown?",
            "    ${ROOT-COMMAND-NAME} explain request.txt --source 192.0.2.7:5060"
        })
public final class ExplainCommand extends ControlCommand {

    /** A request to the server has at most 64 kB, in which control characters are longer than here. */
    private static final int MOST_BYTES = 48 * 1024;

    @Parameters(
            index = "0",
            paramLabel = "METHOD|FILE",
            description = {
                "With --from the method of a request, such as INVITE. Otherwise the file with its text, or - for stdin;",
                "lines may end in LF, and Content-Length is then computed."
            })
    private String what = "";

    @Parameters(
            index = "1",
            arity = "0..1",
            paramLabel = "URI",
            description = "Request-URI, as sip:1002@sip.test or 1002. Default for REGISTER: the domain of --from.")
    private @Nullable String uri;

    @Option(names = "--from", paramLabel = "USER", description = "Sender, as 1001, 1001@sip.test or sip:1001@sip.test.")
    private @Nullable String from;

    @Option(
            names = "--source",
            paramLabel = "ADDRESS",
            description = {
                "Address of the sender, such as 192.0.2.7:5060. Default for a file: what its topmost Via says.",
                "Needed with --from."
            })
    private @Nullable String source;

    @Option(
            names = "--transport",
            paramLabel = "NAME",
            description = "Transport of the sender: udp, tcp, tls, ws or wss. Default udp, or that of the topmost Via.")
    private @Nullable String transport;

    @Option(
            names = "--as",
            paramLabel = "USER",
            description =
                    "Assumes that the sender has proved the password of this user, and goes on behind the challenge.")
    private @Nullable String as;

    /** Digest response of a message that a trace has written. */
    private static final Pattern MASKED = Pattern.compile("(?im)^(?:Proxy-)?Authorization:.*\\bresponse=\"?\\*+");

    @Override
    protected int run(ControlClient server) throws IOException {
        Map<String, String> params = new LinkedHashMap<>();
        if (from != null) {
            params.put("method", what);
            put(params, "uri", uri);
            put(params, "from", from);
        } else if (uri != null) {
            return fail(ExitStatus.MISCONFIGURED, "--from: missing; name the sender of the " + what);
        } else {
            byte[] text;
            try {
                text = text();
            } catch (NoSuchFileException e) {
                return fail(
                        ExitStatus.MISCONFIGURED,
                        what + ": no such file; name a file with the text of a request, or a method with --from");
            } catch (IOException e) {
                return fail(ExitStatus.MISCONFIGURED, "cannot read " + what + ": " + e.getMessage());
            }
            if (text.length > MOST_BYTES) {
                return fail(ExitStatus.MISCONFIGURED, what + ": more than " + MOST_BYTES + " bytes");
            }
            String request = new String(text, StandardCharsets.UTF_8);
            if (as == null && MASKED.matcher(request).find()) {
                warn("the credentials in this text are masked, as in a trace, so they are refused; add --as USER to"
                        + " assume that they are right");
            }
            params.put("text", request);
        }
        put(params, "source", source);
        put(params, "transport", transport);
        put(params, "as", as);
        JsonObject explained = server.call("explain", params).getAsJsonObject();
        succeed(text(explained), explained);
        return explained.get("accepted").getAsBoolean() ? ExitStatus.OK : ExitStatus.FAILED;
    }

    private static void put(Map<String, String> params, String name, @Nullable String value) {
        if (value != null) {
            params.put(name, value);
        }
    }

    private byte[] text() throws IOException {
        if (what.equals("-")) {
            return System.in.readNBytes(MOST_BYTES + 1);
        }
        try (InputStream file = Files.newInputStream(Path.of(what))) {
            return file.readNBytes(MOST_BYTES + 1);
        }
    }

    // ---- output

    private static String text(JsonObject explained) {
        StringBuilder out = new StringBuilder();
        line(out, "request  " + Texts.text(explained, "request"));
        line(out, "from     " + Texts.text(explained, "source") + ", at " + Texts.text(explained, "listen"));
        out.append(System.lineSeparator());
        JsonArray decisions = explained.getAsJsonArray("decisions");
        int width = 0;
        for (JsonObject decision : Texts.rows(decisions)) {
            width = Math.max(width, Texts.text(decision, "stage").length());
        }
        for (JsonObject decision : Texts.rows(decisions)) {
            line(
                    out,
                    Texts.format(
                            "%-" + width + "s  %s", Texts.text(decision, "stage"), Texts.text(decision, "outcome")));
            for (JsonObject detail : Texts.rows(decision.get("details"))) {
                line(out, " ".repeat(width + 4) + Texts.text(detail, "name") + ": " + Texts.text(detail, "value"));
            }
        }
        out.append(System.lineSeparator());
        result(out, explained);
        return out.toString().stripTrailing();
    }

    private static void result(StringBuilder out, JsonObject explained) {
        switch (Texts.text(explained, "result")) {
            case "response" -> {
                line(out, "result   " + Texts.text(explained, "status") + " " + Texts.text(explained, "reason"));
                Texts.texts(explained, "headers").forEach(header -> line(out, "         " + header));
            }
            case "relay" -> groups(out, explained);
            default -> line(out, "result   no response: " + Texts.text(explained, "reason"));
        }
    }

    private static void groups(StringBuilder out, JsonObject explained) {
        int number = 0;
        for (JsonObject group : Texts.rows(explained.get("groups"))) {
            String ringTime = Texts.duration(group, "ringTime");
            line(
                    out,
                    (number++ == 0 ? "result   relayed to" : "         then to")
                            + (ringTime.isEmpty() ? "" : " (may ring for " + ringTime + ")"));
            for (JsonObject branch : Texts.rows(group.get("branches"))) {
                line(out, "         " + Texts.text(branch, "uri"));
                String failure = Texts.text(branch, "failure");
                if (!failure.isEmpty()) {
                    line(out, "             unreachable: " + failure);
                }
                for (JsonObject hop : Texts.rows(branch.get("hops"))) {
                    line(
                            out,
                            "             over " + Texts.text(hop, "hop") + " from " + Texts.text(hop, "from")
                                    + connection(Texts.text(hop, "connection")));
                }
                Texts.texts(branch, "headers").forEach(header -> line(out, "             + " + header));
            }
        }
    }

    private static String connection(String kind) {
        return switch (kind) {
            case "open" -> ", over its open connection";
            case "new" -> ", over a new connection";
            default -> "";
        };
    }

    /** Texts of clients are printed without control characters. */
    private static void line(StringBuilder out, String text) {
        out.append(TextTable.printable(text)).append(System.lineSeparator());
    }
}
