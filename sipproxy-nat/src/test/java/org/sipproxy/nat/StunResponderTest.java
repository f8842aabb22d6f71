package org.sipproxy.nat;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.testkit.fakes.FakeFlow;

/** Tests of RFC 8489 §6.3 and §6.3.1. */
class StunResponderTest {

    private static final String COOKIE_AND_ID = "2112a442" + "000102030405060708090a0b";
    private static final Flow FLOW = FakeFlow.udp("203.0.113.9", 40_001);

    private static byte[] request(String attributes) {
        return HexFormat.of().parseHex("0001" + "%04x".formatted(attributes.length() / 2) + COOKIE_AND_ID + attributes);
    }

    private static byte[] withFingerprint(byte[] request, int error) {
        byte[] longer = ByteBuffer.allocate(request.length + 8).put(request).array();
        longer[3] = (byte) (longer[3] + 8);
        CRC32 crc = new CRC32();
        crc.update(longer, 0, request.length);
        ByteBuffer.wrap(longer)
                .position(request.length)
                .putInt(0x80280004)
                .putInt((int) crc.getValue() ^ 0x5354554e ^ error);
        return longer;
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "", // no attribute
                "8022000474657374", // SOFTWARE
                "80220003746573ff", // padding is ignored
                "000600046162636400080014"
                        + "00000000000000000000000000000000000000007fff0000", // after MESSAGE-INTEGRITY
            })
    void bindingRequestGetsItsSourceAddress(String attributes) {
        assertThat(StunResponder.answer(request(attributes), FLOW))
                .hasSize(32)
                .startsWith(1, 1, 0, 12)
                .endsWith(203 ^ 0x21, 0x12, 113 ^ 0xa4, 9 ^ 0x42);
    }

    @ParameterizedTest
    @ValueSource(strings = {"ff", "ffff", "80220005616263", "802200057465737400", "80220100"})
    void malformedRequestIsDropped(String attributes) {
        assertThat(StunResponder.answer(request(attributes), FLOW)).isNull();
    }

    @Test
    void anUnknownAttributeThatMattersGets420WithItsType() {
        byte[] response = StunResponder.answer(request("7fff00007ffe0001aa000000" + "8fff0000"), FLOW);

        assertThat(HexFormat.of().formatHex(response))
                .isEqualTo("0111" + "0024" + COOKIE_AND_ID
                        + "00090015" + "00000414"
                        + HexFormat.of()
                                .formatHex("Unknown Attribute".getBytes(java.nio.charset.StandardCharsets.US_ASCII))
                        + "000000"
                        + "000a0004" + "7fff7ffe");
    }

    @Test
    void fingerprintIsCheckedAndReturned() {
        byte[] response = StunResponder.answer(withFingerprint(request(""), 0), FLOW);

        assertThat(response).hasSize(40).startsWith(1, 1, 0, 20);
        ByteBuffer end = ByteBuffer.wrap(response).position(32);
        CRC32 crc = new CRC32();
        crc.update(response, 0, 32);
        assertThat(end.getInt()).isEqualTo(0x80280004);
        assertThat(end.getInt()).isEqualTo((int) crc.getValue() ^ 0x5354554e);
        assertThat(StunResponder.answer(withFingerprint(request(""), 1), FLOW))
                .as("wrong")
                .isNull();
        assertThat(StunResponder.answer(request("802800040000000080220000"), FLOW))
                .as("not the last")
                .isNull();
    }
}
