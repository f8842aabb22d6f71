package org.sipproxy.api.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.sipproxy.api.config.ConfigurationException;

class CredentialTest {

    @ParameterizedTest
    @EnumSource
    void emptyPasswordIsRefusedAlsoAsAHash(DigestAlgorithm algorithm) {
        String ofNothing = algorithm.ha1("1001", "sip.test", "");

        assertThatThrownBy(() -> Credential.ofHa1("1001", "sip.test", Map.of(algorithm, ofNothing)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("ha1: that of 1001 is the hash of the empty password; set one that is hard to guess");
        assertThatThrownBy(() ->
                        Credential.ofHa1("1001", "sip.test", Map.of(algorithm, ofNothing.toUpperCase(Locale.ROOT))))
                .hasMessageContaining("of the empty password");
        assertThat(Credential.ofHa1("1002", "sip.test", Map.of(algorithm, ofNothing))
                        .ha1(algorithm))
                .hasValue(ofNothing);
    }

    @Test
    void missingPasswordIsNamed() {
        assertThatThrownBy(() -> Credential.ofPassword("1001", "sip.test", ""))
                .isInstanceOf(ConfigurationException.class)
                .hasMessage("password: that of 1001 is empty; set one that is hard to guess");
        assertThatThrownBy(() -> Credential.ofPassword("1001", "sip.test", null))
                .isInstanceOf(NullPointerException.class)
                .hasMessage("password");
    }
}
