package org.sipproxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Sizes on the command line. */
class SizesTest {

    @ParameterizedTest
    @CsvSource({"1048576, 1048576", "64k, 65536", "256M, 268435456", "2g, 2147483648", "32g, 34359738368"})
    void sizeHasAnOptionalUnit(String text, long bytes) {
        assertThat(Sizes.parse(text)).isEqualTo(bytes);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "m", "1.5g", "-1", "10%", "1 m", "1mb", "999999999999999g"})
    void anythingElseIsRefused(String text) {
        assertThatThrownBy(() -> Sizes.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("\"" + text + "\" (expected a number of bytes");
    }
}
