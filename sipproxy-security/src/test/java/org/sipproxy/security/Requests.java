package org.sipproxy.security;

import java.util.concurrent.atomic.AtomicLong;
import org.sipproxy.testkit.DigestCredentials;

/** Requests with default headers. */
final class Requests {

    /** Gives every request its own transaction. */
    private static final AtomicLong COUNT = new AtomicLong();

    private Requests() {}

    /** Returns the credentials of 1001 at example.org for a REGISTER. */
    static DigestCredentials credentials(String nonce) {
        return DigestCredentials.of("1001", "example.org", "secret", nonce);
    }

    /** Returns a REGISTER of 1001 at example.org with more header lines. */
    static String register(String... headerLines) {
        return request("REGISTER sip:example.org", "<sip:1001@example.org>", "<sip:1001@example.org>", headerLines);
    }

    /** Returns an INVITE from 1001 to 1002, both at example.org, with more header lines. */
    static String invite(String... headerLines) {
        return request("INVITE sip:1002@example.org", "<sip:1001@example.org>", "<sip:1002@example.org>", headerLines);
    }

    static String request(String methodAndUri, String from, String to, String... headerLines) {
        String method = methodAndUri.substring(0, methodAndUri.indexOf(' '));
        StringBuilder text = new StringBuilder(methodAndUri)
                .append(" SIP/2.0\n")
                .append("Via: SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bK")
                .append(COUNT.incrementAndGet())
                .append(";rport\n")
                .append("Max-Forwards: 70\n")
                .append("From: ")
                .append(from)
                .append(";tag=9fxced76sl\n")
                .append("To: ")
                .append(to)
                .append('\n')
                .append("Call-ID: 3848276298220188511@198.51.100.7\n")
                .append("CSeq: 2 ")
                .append(method)
                .append('\n');
        for (String line : headerLines) {
            text.append(line).append('\n');
        }
        return text.append("Content-Length: 0\n\n").toString();
    }
}
