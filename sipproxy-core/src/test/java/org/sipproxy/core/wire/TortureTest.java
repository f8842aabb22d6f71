package org.sipproxy.core.wire;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Messages of RFC 4475 and other malformed input, sent to a running proxy that is responsible for the domains of the
 * RFC's examples. Each request gets a Via of the test on top, so that its response comes back to the test.
 */
class TortureTest {

    private static final String RELAYED = "relayed";
    private static final String DROPPED = "dropped";

    /** Outcome of messages that are accepted in {@code rfc4475/outcomes.txt}. */
    private static final Map<String, String> ROUTED = Map.ofEntries(
            Map.entry("wsinv", "404"), // its Route names this proxy, and its user is not registered
            Map.entry("intmeth", "404"), // a user with an unusual name, not registered
            Map.entry("esc01", "404"),
            Map.entry("escnull", "404"), // well-formed, but no user name contains a NUL
            Map.entry("esc02", "484"), // an unknown method, not REGISTER; and no user
            Map.entry("lwsdisp", RELAYED),
            Map.entry("longreq", RELAYED),
            Map.entry("dblreq", "200"),
            Map.entry("semiuri", "404"), // user;par=u@example.net is not user
            Map.entry("transports", RELAYED),
            Map.entry("mpart01", RELAYED),
            Map.entry("unreason", DROPPED),
            Map.entry("noreason", DROPPED),
            Map.entry("baddate", RELAYED),
            Map.entry("badbranch", RELAYED),
            Map.entry("unksm2", "404"), // To is not in a domain of this proxy
            Map.entry("bext01", "420"),
            Map.entry("invut", RELAYED),
            Map.entry("regaut01", "200"), // this proxy does not authenticate
            Map.entry("zeromf", "483"),
            Map.entry("cparam01", "200"),
            Map.entry("cparam02", "200"),
            Map.entry("regescrt", "200"),
            Map.entry("sdp01", RELAYED),
            Map.entry("inv2543", RELAYED));

    private final ProxyUnderTest proxy = ProxyUnderTest.start(b -> b.domain("example.com")
            .alias("example.net")
            .domain("example.org")
            .alias("services.example.com")
            .alias("127.0.0.1:5080")
            .alias("chair-dnrc.example.com")
            .alias("registrar.example.com"));
    private final WireClient.Udp attacker = proxy.udp("attacker");
    private final WireClient.Udp phone = proxy.udp("phone");

    @AfterEach
    void close() {
        proxy.close();
    }

    record Row(String file, String outcome) {

        byte[] wire() {
            return resource(file + ".dat");
        }

        @Override
        public String toString() {
            return file + " is " + outcome;
        }
    }

    static Stream<Row> rows() {
        return new String(resource("outcomes.txt"), StandardCharsets.UTF_8)
                .lines()
                .filter(line -> !line.isBlank() && !line.startsWith("#"))
                .map(line -> line.split(" +", 4))
                .map(cells -> new Row(cells[0], cells[2].equals("accepted") ? ROUTED.get(cells[0]) : cells[2]));
    }

    private static byte[] resource(String name) {
        try (InputStream in = TortureTest.class.getResourceAsStream("/rfc4475/" + name)) {
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void registerPhone(String... aors) {
        for (String aor : aors) {
            Request register = phone.request("REGISTER", "sip:example.com")
                    .to("<" + aor + ">")
                    .contact("<" + phone.contact() + ">");
            phone.send(register);
            phone.awaitResponse(register, 200);
        }
    }

    private byte[] withOurVia(byte[] wire, String branch) {
        String text = new String(wire, ISO_8859_1);
        int line = text.indexOf("\r\n") + 2;
        String via = "Via: SIP/2.0/UDP " + attacker.hostPort() + ";rport;branch=" + branch + "\r\n";
        return (text.substring(0, line) + via + text.substring(line)).getBytes(ISO_8859_1);
    }

    private void assertAlive() {
        Request options = attacker.send(attacker.request("OPTIONS", "sip:sip.test"));
        assertThat(attacker.awaitFinal(options).status()).isEqualTo(200);
    }

    @ParameterizedTest
    @MethodSource("rows")
    void messageOfRfc4475HasItsOutcome(Row row) {
        registerPhone("sip:user@example.com", "sip:kumiko@example.org", "sip:UserB@example.com");
        String branch = WireClient.unique("z9hG4bK");
        boolean response = new String(row.wire(), 0, 8, ISO_8859_1).equals("SIP/2.0 ");
        attacker.sendBytes(response ? row.wire() : withOurVia(row.wire(), branch));

        if (row.outcome().equals(RELAYED)) {
            WireMessage request = phone.await("the request", m -> !m.isResponse());
            assertThat(request.text().substring(request.text().indexOf("\r\n\r\n")))
                    .isEqualTo(new String(row.wire(), ISO_8859_1)
                            .substring(new String(row.wire(), ISO_8859_1).indexOf("\r\n\r\n")));
            phone.respond(request, 180);
        } else if (row.outcome().equals(DROPPED)) {
            assertThat(attacker.pendingAfterRoundTrip()).isEmpty();
            assertThat(phone.pendingAfterRoundTrip()).isEmpty();
        } else {
            WireMessage answer = attacker.await(
                    row.outcome(), m -> m.status() >= 200 && m.branch().equals(branch));
            assertThat(answer.status()).isEqualTo(Integer.parseInt(row.outcome()));
            assertThat(phone.pendingAfterRoundTrip()).isEmpty();
        }
        assertAlive();
    }

    // ---- messages that crashed other stacks

    static Stream<String> killers() {
        String head =
                "OPTIONS sip:sip.test SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK1\r\nMax-Forwards: 70\r\n";
        String rest = "From: <sip:a@sip.test>;tag=1\r\nTo: <sip:b@sip.test>\r\nCall-ID: k\r\nCSeq: 1 OPTIONS\r\n";
        String end = "Content-Length: 0\r\n\r\n";
        return Stream.of(
                "OPTIONS sip:sip.test SIP/2.0\r\nVia: SIP/2.0/UDP a (\\\r\n" + rest + end,
                head + rest + "Contact: " + "<sip:a@b>,".repeat(6000) + "<sip:a@b>\r\n" + end,
                head.replace("sip:sip.test", "tel:+1" + ";".repeat(60_000)) + rest + end,
                head.replace("sip:sip.test", "tel:+1" + ";a=b".repeat(15_000)) + rest + end,
                "OPTIONS sip:sip.test SIP/2.0\r\nVia: SIP/2.0/UDP a" + "\r\n ;".repeat(15_000) + "\r\n" + rest + end,
                head + rest + "Server: /\r\n" + end,
                head + rest + "RAck: x y z\r\nRSeq: -1\r\nMIME-Version: a\r\nMin-Expires: q\r\n" + end,
                head.replace("branch=", "rport=5062~;branch=") + rest + end,
                "OPTIONS sip:sip.test SIP/2.0\r\n\r\n",
                "OPTIONS sip:sip.test SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1\r\n\r\n",
                "\r\n".repeat(30_000),
                "SIP/2.0\r\n\r\n",
                "SIP/2.0 200 OK\r\n\r\n",
                "INVITE",
                "INVITE sip:a@b SIP/2.0",
                ":\r\n:\r\n:\r\n\r\n",
                head + "X: y\r\n".repeat(10_000) + rest + end,
                head + rest + "X: " + "y".repeat(60_000) + "\r\n" + end,
                head + rest + "Route: " + "<sip:sip.test;lr>,".repeat(3000) + "<sip:sip.test;lr>\r\n" + end,
                head + rest + "\"".repeat(5000) + ": \"" + "\\".repeat(5001) + "\r\n" + end,
                head + rest + "Content-Length: " + "9".repeat(1000) + "\r\n\r\n",
                head.replace("sip:sip.test", "sip:" + "%".repeat(1000) + "@sip.test") + rest + end,
                head.replace("sip:sip.test", "sip:[" + ":".repeat(1000) + "]") + rest + end,
                head.replace("127.0.0.1;", "[::ffff:1.2.3.4%lo]:0;maddr=999.1.1.1;") + rest + end,
                head.replace("127.0.0.1;", "127.0.0.1:0;") + rest + end,
                head.replace("127.0.0.1;", "127.0.0.1:65536;") + rest + end,
                head.replace("127.0.0.1;", "127.0.0.1;maddr=224.0.0.1;ttl=255;") + rest + end,
                head.replace("127.0.0.1;", "127.0.0.1;maddr=255.255.255.255;") + rest + end);
    }

    @ParameterizedTest
    @MethodSource("killers")
    void messageThatCrashedAnotherStackIsHandled(String text) {
        attacker.sendBytes(text.getBytes(ISO_8859_1));
        attacker.sendBytes(text.getBytes(ISO_8859_1));
        attacker.sendBytes(text.getBytes(ISO_8859_1));

        assertAlive();
    }

    @Test
    void floodOfBrokenMessagesLeavesTheProxyServing() {
        Random random = new Random(4475);
        byte[] valid = attacker.request("INVITE", "sip:user@example.com")
                .body("text/plain", "body")
                .text()
                .getBytes(ISO_8859_1);
        for (int i = 0; i < 5_000; i++) {
            byte[] broken = valid.clone();
            for (int n = 1 + random.nextInt(8); n > 0; n--) {
                broken[random.nextInt(broken.length)] = (byte) random.nextInt(256);
            }
            attacker.sendBytes(broken);
            if (i % 100 == 0) {
                assertAlive();
            }
        }

        assertAlive();
        registerPhone("sip:user@example.com");
        phone.send(phone.request("MESSAGE", "sip:user@example.com"));
        phone.awaitRequest("MESSAGE");
    }

    @Test
    void floodOfBrokenResponsesIsNotForwarded() {
        registerPhone("sip:user@example.com");
        WireClient.Udp caller = proxy.udp("caller");
        Request invite = caller.send(caller.request("INVITE", "sip:user@example.com"));
        caller.awaitResponse(invite, 100);
        WireMessage received = phone.awaitRequest("INVITE");
        byte[] valid = Response.of(phone, received, 180).text().getBytes(ISO_8859_1);
        Random random = new Random(3261);
        for (int i = 0; i < 2_000; i++) {
            byte[] broken = valid.clone();
            // within the branch, which must not be guessable
            int at = new String(valid, ISO_8859_1).indexOf("z9hG4bK") + 7 + random.nextInt(16);
            broken[at] = (byte) (broken[at] == 'f' ? 'e' : 'f');
            attacker.sendBytes(broken);
        }
        assertAlive();
        assertThat(caller.pendingAfterRoundTrip()).isEmpty();

        phone.respond(received, 180);

        caller.awaitResponse(invite, 180);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 100})
    void manyBrokenConnectionsLeaveTheProxyServing(int connections) {
        List<WireClient.Tcp> all = new ArrayList<>();
        for (int i = 0; i < connections; i++) {
            all.add(proxy.tcp("broken" + i));
        }
        all.forEach(c ->
                c.sendBytes("OPTIONS sip:sip.test SIP/2.0\r\nContent-Length: 2147483647\r\n\r\n".getBytes(ISO_8859_1)));

        all.forEach(WireClient.Tcp::awaitEnd);

        WireClient.Tcp good = proxy.tcp("good");
        Request options = good.send(good.request("OPTIONS", "sip:sip.test"));
        assertThat(good.awaitFinal(options).status()).isEqualTo(200);
    }
}
