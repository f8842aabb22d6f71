package org.sipproxy.core.internal.codec;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.internal.address.AddressPolicy;
import org.sipproxy.core.internal.codec.RouteSignature.Proof;
import org.sipproxy.core.internal.codec.RouteSignature.Validity;
import org.sipproxy.core.internal.time.FakeClock;
import org.sipproxy.core.internal.time.ProxyTime;
import org.sipproxy.core.options.ContactPolicy;
import org.sipproxy.message.ParseLimits;
import org.sipproxy.message.SipMessage;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipUri;

class RouteSignatureTest {

    private static final long HOUR = 3_600_000;
    private static final long NOW = 500_000 * HOUR;

    private final RouteSignature signature = signature(new byte[16]);
    private final SipRequest invite = request("call-1", ";tag=caller", "");

    private static RouteSignature signature(byte[] secret) {
        return new RouteSignature(secret, Duration.ofHours(24), new AddressPolicy(ContactPolicy.DEFAULT, uri -> false));
    }

    private record At(TransportKind kind, InetSocketAddress remoteAddress) implements Flow {

        @Override
        public Endpoint endpoint() {
            return Endpoint.udp("192.0.2.1", 5060);
        }

        @Override
        public boolean isOpen() {
            return true;
        }
    }

    private static Flow at(String host, int port) {
        return new At(TransportKind.UDP, new InetSocketAddress(host, port));
    }

    private static SipRequest request(String callId, String fromTag, String toTag) {
        try {
            return (SipRequest) SipMessage.parse(
                    ("BYE sip:a@b.invalid SIP/2.0\r\nFrom: <sip:a@x>" + fromTag + "\r\nTo: <sip:b@y>" + toTag
                                    + "\r\nCall-ID: " + callId + "\r\n\r\n")
                            .getBytes(StandardCharsets.US_ASCII),
                    ParseLimits.DEFAULT);
        } catch (SipParseException e) {
            throw new IllegalArgumentException(e);
        }
    }

    private SipUri route(String caller, String callee) throws SipParseException {
        return route(signature.parameter(invite, NOW, at(caller, 5060), at(callee, 5070)));
    }

    private static SipUri route(byte[] parameter) {
        return SipUri.of("sip:192.0.2.1;lr" + new String(parameter, StandardCharsets.US_ASCII));
    }

    private Validity validity(SipUri route, SipRequest request, long now) throws SipParseException {
        return signature.check(route, request, now).validity();
    }

    @Test
    void bothSidesOfTheDialogProveIt() throws SipParseException {
        SipUri route = route("198.51.100.1", "203.0.113.1");

        assertThat(validity(route, request("call-1", ";tag=caller", ";tag=callee"), NOW))
                .isEqualTo(Validity.VALID);
        assertThat(validity(route, request("call-1", ";tag=callee", ";tag=caller"), NOW))
                .isEqualTo(Validity.VALID);
    }

    @Test
    void anotherCallOrTagDoesNot() throws SipParseException {
        SipUri route = route("198.51.100.1", "203.0.113.1");

        assertThat(validity(route, request("call-2", ";tag=caller", ";tag=callee"), NOW))
                .isEqualTo(Validity.INVALID);
        assertThat(validity(route, request("call-1", ";tag=other", ";tag=callee"), NOW))
                .isEqualTo(Validity.INVALID);
        assertThat(validity(route, request("call-1", "", ";tag=callee"), NOW)).isEqualTo(Validity.INVALID);
        assertThat(validity(route, request("call-1", ";tag=Caller", ";tag=callee"), NOW))
                .isEqualTo(Validity.INVALID);
        assertThat(signature(new byte[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16})
                        .check(route, request("call-1", ";tag=caller", ";tag=callee"), NOW)
                        .validity())
                .isEqualTo(Validity.INVALID);
    }

    @Test
    void expiresAfterTheLongestDialog() throws SipParseException {
        SipUri route = route("198.51.100.1", "203.0.113.1");
        SipRequest bye = request("call-1", ";tag=caller", ";tag=callee");

        assertThat(validity(route, bye, NOW + 24 * HOUR)).isEqualTo(Validity.VALID);
        assertThat(validity(route, bye, NOW + 25 * HOUR)).isEqualTo(Validity.EXPIRED);
        assertThat(validity(route, bye, NOW - HOUR)).as("another proxy's clock").isEqualTo(Validity.VALID);
        assertThat(validity(route, bye, NOW - 2 * HOUR)).isEqualTo(Validity.EXPIRED);
    }

    @Test
    void dialogContinuesWhenTheClockIsSet() throws SipParseException {
        SipUri route = route("198.51.100.1", "203.0.113.1");
        SipRequest bye = request("call-1", ";tag=caller", ";tag=callee");
        FakeClock clock = new FakeClock();
        clock.stepWallClock(Duration.ofMillis(NOW - clock.currentTimeMillis()));
        ProxyTime time = new ProxyTime(clock);

        for (Duration step :
                List.of(Duration.ofHours(-3), Duration.ofDays(3650), Duration.ofDays(-7300), Duration.ofDays(365))) {
            clock.stepWallClock(step);

            assertThat(signature.check(route, bye, time.wallReadings()).validity())
                    .as("%s", step)
                    .isEqualTo(Validity.VALID);
        }
        clock.advance(Duration.ofHours(28)); // 24, and the 3 that the clock was set back once
        assertThat(signature.check(route, bye, time.wallReadings()).validity()).isEqualTo(Validity.EXPIRED);
    }

    @Test
    void hourCannotBeChanged() throws SipParseException {
        String later = route("198.51.100.1", "203.0.113.1").toString().replace(";rs=7a120", ";rs=7a200");

        assertThat(later).contains(";rs=7a200");
        assertThat(validity(SipUri.of(later), request("call-1", ";tag=caller", ";tag=callee"), NOW + 224 * HOUR))
                .isEqualTo(Validity.INVALID);
    }

    @Test
    void dialogBetweenPublicAddressesNamesNoSide() throws SipParseException {
        Proof proof = signature.check(
                route("198.51.100.1", "203.0.113.1"), request("call-1", ";tag=caller", ";tag=callee"), NOW);

        assertThat(proof.sides()).isNull();
    }

    private Proof proof(SipUri route) throws SipParseException {
        return signature.check(route, request("call-1", ";tag=caller", ";tag=callee"), NOW);
    }

    @Test
    void internalSideIsItsAddressAndALocalOneItsPortToo() throws SipParseException {
        Proof internal = proof(route("198.51.100.1", "10.1.2.3"));
        Proof both = proof(route("192.168.7.1", "127.0.0.1"));

        assertThat(internal.sides()).accepts(new InetSocketAddress("10.1.2.3", 6000));
        assertThat(internal.sides())
                .rejects(new InetSocketAddress("10.1.2.4", 5070), new InetSocketAddress("10.1.3.3", 5070));
        assertThat(both.sides())
                .accepts(new InetSocketAddress("192.168.7.1", 5062), new InetSocketAddress("127.0.0.1", 5070));
        assertThat(both.sides())
                .rejects(new InetSocketAddress("127.0.0.1", 22), new InetSocketAddress("127.0.0.2", 5070));
    }

    @Test
    void callerIsReachedAtItsContactIfItMayReachThatItself() throws SipParseException {
        SipRequest call = request("call-1", ";tag=caller\r\nContact: <sip:a@10.1.2.9:5090>", "");
        byte[] near = signature.parameter(call, NOW, at("10.1.2.3", 5060), at("203.0.113.1", 5060));
        byte[] far = signature.parameter(call, NOW, at("198.51.100.1", 5060), at("203.0.113.1", 5060));

        assertThat(proof(route(near)).sides()).accepts(new InetSocketAddress("10.1.2.9", 5090));
        assertThat(proof(route(near)).sides()).rejects(new InetSocketAddress("10.1.2.3", 5060));
        assertThat(proof(route(far)).sides())
                .as("a stranger's contact opens nothing")
                .isNull();
    }

    @Test
    void signatureThatIsWrittenAgainIsTheSame() throws SipParseException {
        SipUri route = route("198.51.100.1", "10.1.2.3");

        assertThat(route(RouteSignature.again(proof(route).signature()))).isEqualTo(route);
    }

    @Test
    void sidesCannotBeExchanged() throws SipParseException {
        String first = route("198.51.100.1", "10.1.2.3").toString();
        String second = route("198.51.100.1", "10.9.9.9").toString();
        int side = first.indexOf(";rs=") + 4 + 5;
        String mixed = first.substring(0, side) + second.substring(side, side + 6) + first.substring(side + 6);

        assertThat(mixed).isNotEqualTo(first);
        assertThat(validity(SipUri.of(mixed), request("call-1", ";tag=caller", ";tag=callee"), NOW))
                .isEqualTo(Validity.INVALID);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ";rs",
                ";rs=0",
                ";rs=7a1200000000000000000",
                ";rs=7a12000000000000000000000000",
                ";rs=zzzzzzzzzzzzzzzzzzzzz",
                ";rs=7a120ffffffffffffffffffffffffffff0000000000000000"
            })
    void inventedSignatureIsInvalid(String parameter) throws SipParseException {
        assertThat(validity(
                        SipUri.of("sip:192.0.2.1;lr" + parameter),
                        request("call-1", ";tag=caller", ";tag=callee"),
                        NOW))
                .isEqualTo(Validity.INVALID);
    }
}
