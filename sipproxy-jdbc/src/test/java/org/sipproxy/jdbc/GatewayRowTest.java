package org.sipproxy.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.api.gateway.Gateway;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.message.SipUri;

/** Rows of the table dispatcher. */
class GatewayRowTest {

    private final List<String> problems = new ArrayList<>();

    private Gateway row(int flags, String attrs) {
        return GatewayRow.gateway(7, " sip:192.0.2.7;transport=tcp ", flags, 3, attrs, problems::add);
    }

    @Test
    void rowWithoutAttributesIsNamedByItsDestination() {
        Gateway gateway = row(0, "");

        assertThat(gateway.set()).isEqualTo("7");
        assertThat(gateway.id()).isEqualTo("sip:192.0.2.7;transport=tcp");
        assertThat(gateway.priority()).isEqualTo(3);
        assertThat(gateway.weight()).isZero();
        assertThat(gateway.maximumCalls()).isZero();
        assertThat(gateway.socket()).isEmpty();
        assertThat(problems).isEmpty();
    }

    @Test
    void attributesOfKamailioAreUsed() {
        Gateway gateway = row(
                0,
                "duid=a; weight=30 ;rweight=5;maxload=20;socket=udp:192.0.2.1:5080;ping_from=sip:probe@sip.test;"
                        + "obproxy=sip:192.0.2.9;");

        assertThat(gateway.id()).isEqualTo("a");
        assertThat(gateway.weight()).isEqualTo(30);
        assertThat(gateway.maximumCalls()).isEqualTo(20);
        assertThat(gateway.socket()).hasValue(Endpoint.udp("192.0.2.1", 5080));
        assertThat(gateway.probeFrom()).hasValue(SipUri.of("sip:probe@sip.test"));
        assertThat(gateway.outboundProxy()).hasValue(SipUri.of("sip:192.0.2.9"));
        assertThat(problems).isEmpty();
    }

    @Test
    void priorityMayBeNegative() {
        assertThat(GatewayRow.gateway(7, "sip:192.0.2.7", 0, -3, "", problems::add)
                        .priority())
                .isEqualTo(-3);
    }

    @Test
    void relativeWeightIsUsedWithoutAWeight() {
        assertThat(row(0, "rweight=5").weight()).isEqualTo(5);
    }

    @Test
    void otherAttributesAreReportedAndPassedOn() {
        assertThat(row(0, "cc=1;weight=2;site=berlin").attributes()).isEqualTo(Map.of("cc", "1", "site", "berlin"));
        assertThat(problems).containsExactly("attribute \"cc\" is not used", "attribute \"site\" is not used");
    }

    @Test
    void socketThatIsNotAnEndpointIsReportedAndNotUsed() {
        assertThat(row(0, "socket=eth0").socket()).isEmpty();
        assertThat(problems).singleElement().asString().contains("read without its socket \"eth0\"");
    }

    @ParameterizedTest
    @CsvSource({
        "0, ACTIVE, AS_SET",
        "1, DOWN, AS_SET",
        "4, DISABLED, AS_SET",
        "5, DISABLED, AS_SET",
        "8, ACTIVE, ALWAYS",
        "9, DOWN, ALWAYS",
        "32, ACTIVE, NEVER",
        "40, ACTIVE, NEVER",
        "18, ACTIVE, AS_SET"
    })
    void flagsAreThoseOfKamailio(int flags, Gateway.Start start, Gateway.Probing probing) {
        assertThat(row(flags, "").start()).isEqualTo(start);
        assertThat(row(flags, "").probing()).isEqualTo(probing);
    }

    @ParameterizedTest
    @ValueSource(strings = {"weight=much", "weight=1001", "rweight=-2", "maxload=-1", "maxload=99999999999"})
    void numbersThatAreNoneAreReportedAndNotUsed(String attrs) {
        Gateway gateway = row(0, attrs);

        assertThat(gateway.weight()).isZero();
        assertThat(gateway.maximumCalls()).isZero();
        assertThat(problems)
                .singleElement()
                .asString()
                .startsWith("attribute " + attrs.replaceFirst("=(.*)", " \"$1\" is not used (expected 0 to "));
    }

    @ParameterizedTest
    @ValueSource(strings = {"ping_from=nobody", "obproxy=x y"})
    void invalidAttributesMakeTheRowInvalid(String attrs) {
        assertThatIllegalArgumentException().isThrownBy(() -> row(0, attrs));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "no uri", "tel:+49301", "sip:192.0.2.1?X=y"})
    void destinationsThatAreNotSipUrisMakeTheRowInvalid(String destination) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> GatewayRow.gateway(1, destination, 0, 0, "", problems::add));
    }
}
