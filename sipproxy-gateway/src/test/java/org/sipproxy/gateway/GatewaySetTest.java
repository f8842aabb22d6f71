package org.sipproxy.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.sipproxy.message.SipUri;

class GatewaySetTest {

    private static final GatewaySet SET = GatewaySet.named("pstn")
            .algorithm(Algorithm.LEAST_CALLS)
            .member("sip:192.0.2.10")
            .tries(2)
            .asOutboundProxy()
            .probeEvery(Duration.ofSeconds(7))
            .probeOnlyDown()
            .probeTimeLimit(Duration.ofSeconds(2))
            .respondWithin(Duration.ofSeconds(3))
            .accept(404)
            .probeFrom(SipUri.of("sip:probe@sip.test"))
            .downAfter(4)
            .upAfter(5)
            .recoverAfter(Duration.ofSeconds(6))
            .numbers(NumberPlan.none().replace("+", "00"), NumberField.REQUEST_URI)
            .build();

    @Test
    void builderOfASetHasItsOptionsAndMembers() {
        assertThat(SET.toBuilder().build()).usingRecursiveComparison().isEqualTo(SET);
        assertThat(SET.toBuilder().member("sip:192.0.2.11").build().members()).hasSize(2);
        assertThat(SET.members()).hasSize(1);
    }

    @Test
    void optionsForAnotherSetAreThoseOfThisOneWithoutItsMembers() {
        GatewaySet other = SET.optionsFor("media");

        assertThat(other.name()).isEqualTo("media");
        assertThat(other.members()).isEmpty();
        assertThat(other)
                .usingRecursiveComparison()
                .ignoringFields("name", "members")
                .isEqualTo(SET);
    }
}
