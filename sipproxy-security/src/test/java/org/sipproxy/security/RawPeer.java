package org.sipproxy.security;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.sipproxy.testkit.DigestCredentials;

/** UDP socket that sends and receives text, for messages that a phone does not send. */
final class RawPeer implements AutoCloseable {

    private static final long PATIENCE_MILLIS = 5_000;

    private final DatagramSocket socket;
    private final InetSocketAddress proxy;
    private final List<String> inbox = new ArrayList<>();

    /** Opens a socket; {@code host} is the loopback address to send from, such as {@code 127.0.0.9}. */
    RawPeer(String host, InetSocketAddress proxy) {
        this.proxy = proxy;
        try {
            socket = new DatagramSocket(new InetSocketAddress(InetAddress.getByName(host), 0));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Thread reader = new Thread(this::read, "raw-" + host);
        reader.setDaemon(true);
        reader.start();
    }

    private void read() {
        byte[] buffer = new byte[65_536];
        while (!socket.isClosed()) {
            try {
                DatagramPacket packet = new DatagramPacket(buffer, buffer.length);
                socket.receive(packet);
                synchronized (inbox) {
                    inbox.add(new String(buffer, 0, packet.getLength(), ISO_8859_1));
                    inbox.notifyAll();
                }
            } catch (IOException e) {
                return; // closed
            }
        }
    }

    String hostPort() {
        return socket.getLocalAddress().getHostAddress() + ":" + socket.getLocalPort();
    }

    /** Returns a Via of this peer. */
    String via(String branch) {
        return "Via: SIP/2.0/UDP " + hostPort() + ";rport;branch=z9hG4bK" + branch;
    }

    /** Sends a message with these lines and an empty body. */
    void send(String... lines) {
        byte[] wire = (String.join("\r\n", lines) + "\r\nContent-Length: 0\r\n\r\n").getBytes(ISO_8859_1);
        try {
            socket.send(new DatagramPacket(wire, wire.length, proxy));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Responds to a request with its Via, From, To, Call-ID, CSeq and Record-Route, and these lines. */
    void respond(String request, String statusLine, String... lines) {
        List<String> response = new ArrayList<>(List.of("SIP/2.0 " + statusLine));
        List<String> more = List.of(lines);
        more.stream().filter(line -> line.startsWith("Record-Route")).forEach(response::add);
        for (String line : request.split("\r\n", -1)) {
            if (line.matches("(?i)(Via|From|Call-ID|CSeq|Record-Route):.*")) {
                response.add(line);
            } else if (line.startsWith("To:")) {
                response.add(line.contains(";tag=") ? line : line + ";tag=callee");
            }
        }
        more.stream().filter(line -> !line.startsWith("Record-Route")).forEach(response::add);
        send(response.toArray(new String[0]));
    }

    /** Waits for the next message that contains all of these texts; earlier messages stay. */
    String await(String... texts) {
        return await(
                List.of(texts).toString(), message -> List.of(texts).stream().allMatch(message::contains));
    }

    private String await(String what, Predicate<String> condition) {
        long limit = System.nanoTime() + PATIENCE_MILLIS * 1_000_000;
        synchronized (inbox) {
            while (true) {
                for (String message : inbox) {
                    if (condition.test(message)) {
                        inbox.remove(message);
                        return message;
                    }
                }
                long left = (limit - System.nanoTime()) / 1_000_000;
                if (left <= 0) {
                    throw new AssertionError("waited for " + what + "; there came:\n" + String.join("\n", inbox));
                }
                try {
                    inbox.wait(left);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    throw new AssertionError("interrupted", e);
                }
            }
        }
    }

    /** Returns the received messages that were not waited for. */
    List<String> pending() {
        synchronized (inbox) {
            return List.copyOf(inbox);
        }
    }

    /** Registers a user at this peer. */
    void register(String user, String password, String domain) {
        String[] lines = {
            "REGISTER sip:" + domain + " SIP/2.0",
            "",
            "From: <sip:" + user + "@" + domain + ">;tag=r",
            "To: <sip:" + user + "@" + domain + ">",
            "Call-ID: register-" + hostPort(),
            "",
            "Contact: <sip:" + user + "@" + hostPort() + ">",
            "Max-Forwards: 70",
            "Expires: 300",
            "X: 1"
        };
        lines[1] = via("reg1");
        lines[5] = "CSeq: 1 REGISTER";
        send(lines);
        String nonce = nonceOf(await("SIP/2.0 401", "1 REGISTER"));
        lines[1] = via("reg2");
        lines[5] = "CSeq: 2 REGISTER";
        lines[9] = "Authorization: "
                + DigestCredentials.of(user, domain, password, nonce).value();
        send(lines);
        await("SIP/2.0 200", "2 REGISTER");
    }

    static String nonceOf(String challenge) {
        return group(challenge, "nonce=\"([^\"]*)\"");
    }

    /** Returns the value of a header line. */
    static String header(String message, String name) {
        return group(message, "(?m)^" + name + ": (.*)$");
    }

    private static String group(String text, String pattern) {
        Matcher matcher = Pattern.compile(pattern).matcher(text);
        if (!matcher.find()) {
            throw new AssertionError("no " + pattern + " in:\n" + text);
        }
        return matcher.group(1);
    }

    @Override
    public void close() {
        socket.close();
    }
}
