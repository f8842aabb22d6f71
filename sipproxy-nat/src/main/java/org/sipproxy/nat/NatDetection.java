package org.sipproxy.nat;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.message.HostName;
import org.sipproxy.message.IpLiteral;
import org.sipproxy.message.SipMessage;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipResponse;
import org.sipproxy.message.Via;
import org.sipproxy.message.wire.MessageIndex;

/** NAT detection: runs the chosen {@link NatTest}s over the bytes of a message. */
final class NatDetection {

    private static final int DEFAULT_PORT = 5060;
    private static final int CONTACT_TESTS = NatTest.PRIVATE_CONTACT.mask()
            | NatTest.VIA_PORT_MISMATCH.mask()
            | NatTest.CONTACT_PORT_MISMATCH.mask()
            | NatTest.CONTACT_ADDRESS_MISMATCH.mask();
    private static final int VIA_TESTS = NatTest.VIA_ADDRESS_MISMATCH.mask() | NatTest.PRIVATE_VIA.mask();
    private static final int SDP_TESTS = NatTest.PRIVATE_SDP.mask() | NatTest.SDP_MISMATCH.mask();

    private final PrivateNetworks networks;
    private final int tests;

    NatDetection(Set<NatTest> chosen, PrivateNetworks networks) {
        int mask = 0;
        for (NatTest test : chosen) {
            mask |= test.mask();
        }
        this.tests = mask;
        this.networks = networks;
    }

    /** Returns the result of each chosen test, with the values that it compares, by the name of the test. */
    Map<String, String> explain(SipRequest request, Flow flow) throws SipParseException {
        Map<String, String> results = new LinkedHashMap<>();
        for (NatTest test : NatTest.values()) {
            if (asks(test)) {
                boolean isSign = new NatDetection(Set.of(test), networks).isBehindNat(request, flow);
                results.put(test.optionName(), (isSign ? "yes: " : "no: ") + compared(test, request, flow));
            }
        }
        return results;
    }

    private static String compared(NatTest test, SipRequest request, Flow flow) throws SipParseException {
        String via =
                "Via " + request.topVia().host() + ":" + port(request.topVia().port());
        ContactSpan span = ContactSpan.of(request);
        String contact = span == null
                ? "no Contact"
                : "Contact " + request.index().text(span.hostStart(), span.hostEnd()) + ":" + port(span.port());
        String source = "source " + HostName.literal(flow.remoteAddress().getAddress()) + ":"
                + flow.remoteAddress().getPort();
        return switch (test) {
            case PRIVATE_CONTACT -> contact;
            case PRIVATE_VIA -> via;
            case VIA_ADDRESS_MISMATCH -> via + ", " + source;
            case VIA_PORT_MISMATCH ->
                flow.kind().isReliable() ? via + ", " + source + ", " + contact : via + ", " + source;
            case CONTACT_PORT_MISMATCH, CONTACT_ADDRESS_MISMATCH -> contact + ", " + source;
            case PRIVATE_SOURCE -> source;
            case WEBSOCKET -> flow.kind().lowerCase();
            case PRIVATE_SDP, SDP_MISMATCH -> request.bodyLength() == 0 ? "no body" : "c= lines of the body, " + source;
        };
    }

    private boolean asks(NatTest test) {
        return (tests & test.mask()) != 0;
    }

    /** Returns true if the topmost Via, the Contact or the SDP of a request shows that its sender is behind a NAT. */
    boolean isBehindNat(SipRequest request, Flow flow) throws SipParseException {
        return sourceTells(flow)
                || ((tests & (VIA_TESTS | NatTest.VIA_PORT_MISMATCH.mask())) != 0
                        && viaTells(request.index(), request.topVia(), flow))
                || contactTells(request, flow, streamPortDiffers(request, flow))
                || sdpTells(request, flow);
    }

    /**
     * Returns true if the sender of a response is behind a NAT. Its Via headers are this proxy's, so only Contact and
     * SDP count.
     */
    boolean isBehindNat(SipResponse response, Flow flow) {
        return sourceTells(flow) || contactTells(response, flow, false) || sdpTells(response, flow);
    }

    private boolean sourceTells(Flow flow) {
        if (asks(NatTest.WEBSOCKET) && (flow.kind() == TransportKind.WS || flow.kind() == TransportKind.WSS)) {
            return true;
        }
        return asks(NatTest.PRIVATE_SOURCE)
                && networks.contains(flow.remoteAddress().getAddress());
    }

    private boolean viaTells(MessageIndex wire, Via via, Flow flow) {
        InetSocketAddress source = flow.remoteAddress();
        if (asks(NatTest.VIA_PORT_MISMATCH) && !flow.kind().isReliable() && port(via.port()) != source.getPort()) {
            return true;
        }
        if (asks(NatTest.PRIVATE_VIA)
                && networks.containsHost(
                        wire, via.index().hostStart(), via.index().hostEnd())) {
            return true;
        }
        return asks(NatTest.VIA_ADDRESS_MISMATCH)
                && !HostText.isAddress(
                        wire, via.index().hostStart(), via.index().hostEnd(), source.getAddress());
    }

    private boolean streamPortDiffers(SipRequest request, Flow flow) throws SipParseException {
        return asks(NatTest.VIA_PORT_MISMATCH)
                && flow.kind().isReliable()
                && port(request.topVia().port()) != flow.remoteAddress().getPort();
    }

    private boolean contactTells(SipMessage message, Flow flow, boolean streamPortDiffers) {
        @Nullable ContactSpan contact = (tests & CONTACT_TESTS) == 0 ? null : ContactSpan.of(message);
        if (contact == null) {
            return false;
        }
        MessageIndex wire = message.index();
        int from = contact.hostStart();
        int to = contact.hostEnd();
        if (asks(NatTest.PRIVATE_CONTACT) && networks.containsHost(wire, from, to)) {
            return true;
        }
        InetSocketAddress source = flow.remoteAddress();
        boolean portDiffers =
                asks(NatTest.CONTACT_PORT_MISMATCH) && port(contact.port()) != source.getPort() || streamPortDiffers;
        if (!portDiffers && !asks(NatTest.CONTACT_ADDRESS_MISMATCH)) {
            return false;
        }
        boolean atItsSource = HostText.isAddress(wire, from, to, source.getAddress());
        if (portDiffers && (atItsSource || !flow.kind().isReliable())) {
            return true;
        }
        return asks(NatTest.CONTACT_ADDRESS_MISMATCH) && !atItsSource && HostText.isAddressOrInvalid(wire, from, to);
    }

    private static int port(int written) {
        return written < 0 ? DEFAULT_PORT : written;
    }

    /** Checks each {@code c=IN IP4 address} or {@code c=IN IP6 address} line of the body. */
    private boolean sdpTells(SipMessage message, Flow flow) {
        MessageIndex a = message.index();
        int end = a.length();
        if ((tests & SDP_TESTS) == 0 || message.bodyLength() == 0) {
            return false;
        }
        InetAddress source = flow.remoteAddress().getAddress();
        int i = message.index().bodyStart();
        while (i < end) {
            int lineEnd = i;
            while (lineEnd < end && a.byteAt(lineEnd) != '\n' && a.byteAt(lineEnd) != '\r') {
                lineEnd++;
            }
            if (lineEnd - i > 9
                    && a.byteAt(i) == 'c'
                    && a.byteAt(i + 1) == '='
                    && connectionTells(a, i + 2, lineEnd, source)) {
                return true;
            }
            i = lineEnd + 1;
        }
        return false;
    }

    private boolean connectionTells(MessageIndex a, int from, int to, InetAddress source) {
        int i = from;
        for (int word = 0; word < 2; word++) { // past IN and IP4 or IP6
            while (i < to && a.byteAt(i) != ' ') {
                i++;
            }
            i++;
        }
        int end = i;
        while (end < to && a.byteAt(end) != ' ' && a.byteAt(end) != '/') {
            end++;
        }
        if (asks(NatTest.PRIVATE_SDP) && isPrivate(a, i, end)) {
            return true;
        }
        return asks(NatTest.SDP_MISMATCH) && i < end && !HostText.isAddress(a, i, end, source);
    }

    /** SDP writes IPv6 addresses without brackets. */
    private boolean isPrivate(MessageIndex a, int from, int to) {
        long four = HostText.ipv4(a, from, to);
        return four >= 0
                ? networks.containsIpv4((int) four)
                : IpLiteral.parse(a.text(from, to)).map(networks::contains).orElse(false);
    }
}
