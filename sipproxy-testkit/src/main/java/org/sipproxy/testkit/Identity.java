package org.sipproxy.testkit;

import org.sipproxy.api.transport.TransportKind;

/**
 * Who a phone says that it is.
 *
 * @param claimed the host and port that it believes to have, for Via and Contact
 */
record Identity(String user, String domain, String claimed, TransportKind transport) {

    /** Its address-of-record. */
    String aor() {
        return "sip:" + user + "@" + domain;
    }

    String contact() {
        return "sip:" + user + "@" + claimed
                + switch (transport) {
                    case UDP -> "";
                    case TCP, TLS -> ";transport=" + transport.lowerCase();
                    case WS, WSS -> ";transport=ws"; // RFC 7118 §5.2: of both
                };
    }

    /** Who is meant: a URI as it is, or a user of the phone's own domain. */
    String uriOf(String target) {
        return target.indexOf(':') >= 0 ? target : "sip:" + target + "@" + domain;
    }

    String via(String branch) {
        return "SIP/2.0/" + transport + " " + claimed + ";rport;branch=" + branch;
    }
}
