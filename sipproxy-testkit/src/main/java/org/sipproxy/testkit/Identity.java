package org.sipproxy.testkit;

import org.sipproxy.api.transport.TransportKind;

/**
 * User, domain and addresses in the messages of a phone.
 *
 * @param claimed host and port in Via and Contact
 */
record Identity(String user, String domain, String claimed, TransportKind transport) {

    /** Returns the AOR. */
    String aor() {
        return "sip:" + user + "@" + domain;
    }

    String contact() {
        return "sip:" + user + "@" + claimed
                + switch (transport) {
                    case UDP -> "";
                    case TCP, TLS -> ";transport=" + transport.lowerCase();
                    case WS, WSS -> ";transport=ws"; // RFC 7118 §5.2: for both
                };
    }

    /** Returns the URI of a target: the target itself if it is a URI, otherwise a user of the phone's domain. */
    String uriOf(String target) {
        return target.indexOf(':') >= 0 ? target : "sip:" + target + "@" + domain;
    }

    String via(String branch) {
        return "SIP/2.0/" + transport + " " + claimed + ";rport;branch=" + branch;
    }
}
