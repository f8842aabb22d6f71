package org.sipproxy.testkit;

import java.util.ArrayList;
import java.util.List;
import org.sipproxy.message.HeaderName;

/**
 * Request without Via, CSeq and credentials, which differ when it is sent again after a challenge.
 *
 * @param lines header lines, including From, To and Call-ID
 */
record RequestDraft(String method, String uri, List<HeaderLine> lines, MessageParts parts) {

    private static final HeaderLine MAX_FORWARDS = new HeaderLine(HeaderName.MAX_FORWARDS, "70");

    byte[] write(String via, long cseq, List<HeaderLine> credentials) {
        List<HeaderLine> all = new ArrayList<>();
        all.add(new HeaderLine(HeaderName.VIA, via));
        all.add(MAX_FORWARDS);
        all.addAll(lines);
        all.add(new HeaderLine(HeaderName.CSEQ, cseq + " " + method));
        all.addAll(credentials);
        return parts.write(method + " " + uri + " SIP/2.0", all);
    }

    /**
     * Returns the hop-by-hop request for this one: its CANCEL (RFC 3261 §9.1), or the ACK of its failure (§17.1.1.3).
     */
    RequestDraft derived(String otherMethod, String to) {
        List<HeaderLine> kept = new ArrayList<>();
        for (HeaderLine line : lines) {
            if (line.name().equals(HeaderName.TO)) {
                kept.add(new HeaderLine(HeaderName.TO, to));
            } else if (line.name().equals(HeaderName.ROUTE)
                    || line.name().equals(HeaderName.FROM)
                    || line.name().equals(HeaderName.CALL_ID)) {
                kept.add(line);
            }
        }
        return new RequestDraft(otherMethod, uri, kept, new MessageParts());
    }

    String to() {
        return lines.stream()
                .filter(line -> line.name().equals(HeaderName.TO))
                .map(HeaderLine::value)
                .findFirst()
                .orElseThrow();
    }
}
