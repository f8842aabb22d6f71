package org.sipproxy.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DatabaseEncodingTest {

    @ParameterizedTest
    @CsvSource({
        "UTF8, \u624b\u673a\u00e9a, true, \u624b\u673a\u00e9a",
        "SQL_ASCII, \u624b\u673a, true, \u624b\u673a",
        "LATIN1, \u00e9a, true, \u00e9a",
        "LATIN1, \u624b\u673a \u00e91.0, false, ?? \u00e91.0",
        "LATIN9, \u20ac, true, \u20ac",
        "WIN1252, \u20ac, true, \u20ac",
        "WIN1252, \u624b, false, ?",
        "MULE_INTERNAL, \u00e9a, false, ?a",
        "MULE_INTERNAL, abc, true, abc"
    })
    void charactersOutsideTheEncodingAreNotHeldAndAreReplaced(
            String encoding, String text, boolean holds, String replaced) {
        DatabaseEncoding of = DatabaseEncoding.of(encoding);

        assertThat(of.holds(text)).isEqualTo(holds);
        assertThat(of.replaced(text)).isEqualTo(replaced);
        assertThat(of.holds(text + "\0")).isFalse();
    }
}
