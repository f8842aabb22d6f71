package org.sipproxy.server;

import java.io.IOException;
import java.math.BigInteger;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Sends single requests over UDP and returns the status of the final response. */
final class TestClient implements AutoCloseable {

    private static final int PATIENCE_MILLIS = 10_000;
    private static final Pattern CHALLENGE =
            Pattern.compile("(?m)^WWW-Authenticate: Digest .*realm=\"([^\"]*)\".*nonce=\"([^\"]*)\".*$");

    private final DatagramSocket socket = new DatagramSocket(0, InetAddress.getLoopbackAddress());
    private final String domain;

    TestClient(int port, String domain) throws IOException {
        this.domain = domain;
        socket.connect(InetAddress.getLoopbackAddress(), port);
        socket.setSoTimeout(PATIENCE_MILLIS);
    }

    /** Registers a user and returns the status: of the second request if the first one is challenged. */
    String register(String user, String password, int expires) throws IOException {
        String response = exchange("REGISTER", "", user, "Expires: " + expires);
        Matcher challenge = CHALLENGE.matcher(response);
        if (!challenge.find()) {
            return status(response);
        }
        String uri = "sip:" + domain;
        boolean hasQop = challenge.group().contains("qop=");
        String nonce = challenge.group(2);
        String secret = md5(user + ':' + challenge.group(1) + ':' + password);
        String digest = md5(secret + ':' + nonce + (hasQop ? ":00000001:abc:auth:" : ":") + md5("REGISTER:" + uri));
        return status(exchange(
                "REGISTER",
                "",
                user,
                "Expires: " + expires,
                "Authorization: Digest username=\"" + user + "\", realm=\"" + challenge.group(1) + "\", nonce=\""
                        + nonce
                        + "\", uri=\"" + uri + "\", response=\"" + digest + '"'
                        + (hasQop ? ", qop=auth, nc=00000001, cnonce=\"abc\"" : "")));
    }

    /**
     * Sends a request and returns the status of its final response.
     *
     * @param target empty for the domain, {@code user@} for a user of it, or user and host
     * @param from user of the domain, or user and host
     */
    String send(String method, String target, String from, String... headers) throws IOException {
        return status(exchange(method, target, from, headers));
    }

    private String exchange(String method, String target, String from, String... headers) throws IOException {
        String uri = "sip:" + (target.isEmpty() || target.endsWith("@") ? target + domain : target);
        String sender = "sip:" + (from.indexOf('@') < 0 ? from + '@' + domain : from);
        String id = UUID.randomUUID().toString();
        String all = String.join("\r\n", headers);
        String request = String.join(
                "\r\n",
                method + ' ' + uri + " SIP/2.0",
                "Via: SIP/2.0/UDP 127.0.0.1:" + socket.getLocalPort() + ";rport;branch=z9hG4bK" + id,
                "From: <" + sender + ">;tag=" + id.substring(0, 8),
                "To: <" + (method.equals("REGISTER") ? sender : uri) + '>',
                "Call-ID: " + id,
                "CSeq: 1 " + method,
                "Contact: <sip:client@127.0.0.1:" + socket.getLocalPort() + '>',
                (all.contains("Max-Forwards") ? "" : "Max-Forwards: 70\r\n") + all + (all.isEmpty() ? "" : "\r\n")
                        + "Content-Length: 0",
                "",
                "");
        byte[] bytes = request.getBytes(StandardCharsets.UTF_8);
        socket.send(new DatagramPacket(bytes, bytes.length));
        while (true) {
            DatagramPacket packet = new DatagramPacket(new byte[65_535], 65_535);
            socket.receive(packet);
            String response = new String(packet.getData(), 0, packet.getLength(), StandardCharsets.UTF_8);
            if (response.startsWith("SIP/2.0 ") && !response.startsWith("SIP/2.0 1") && response.contains(id)) {
                return response;
            }
        }
    }

    private static String status(String response) {
        return response.substring(8, 11);
    }

    private static String md5(String text) {
        try {
            byte[] hash = MessageDigest.getInstance("MD5").digest(text.getBytes(StandardCharsets.UTF_8));
            return String.format("%032x", new BigInteger(1, hash));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        socket.close();
    }
}
