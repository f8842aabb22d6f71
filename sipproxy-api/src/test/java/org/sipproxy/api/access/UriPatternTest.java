package org.sipproxy.api.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class UriPatternTest {

    @ParameterizedTest
    @CsvSource({
        "^sip:[[:digit:]+]+@,            sip:+4930@sip.test,     true",
        "^sip:[[:digit:]+]+@,            sip:dig@sip.test,       false",
        "'^sip:(\\+|00)49[0-9]{3,12}@',  sip:0049301234@a.test,  true",
        "^sips?:.*@(a|b)\\.example$,     sips:x@b.example,       true",
        "^sip:[^@]+@192\\.0\\.2\\.,      sip:x@192.0.2.7:5060,   true",
        "^sip:[]a]+@,                    sip:aa@x,               true",
        "example,                        sip:x@example.org,      true",
        "(?i)EXAMPLE,                    sip:x@example.org,      true",
    })
    void supportsPosixExtendedExpressions(String pattern, String uri, boolean found) {
        assertThat(UriPattern.of(pattern).isFoundIn(uri)).isEqualTo(found);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "(a+)+$",
                "(a|aa)+$",
                "(a*)*c$",
                "([[:alpha:]]+)*9$",
                "(.*a){12}$",
                "(x+x+)+y",
                "^(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)[0-9]$",
                "(a{30}){30}$",
                "((a?){10}){10}(a{10}){10}$"
            })
    void searchIsFastForEveryExpressionAndUri(String text) {
        UriPattern pattern = UriPattern.of(text);
        String[] uris = {
            "sip:" + "a".repeat(1_000) + "!@x", "sip:" + "a".repeat(60_000) + "!@x", "sip:" + "x".repeat(1_000) + "@x"
        };

        Assertions.assertTimeoutPreemptively(Duration.ofSeconds(5), () -> {
            for (String uri : uris) {
                assertThat(pattern.isFoundIn(uri)).isFalse();
            }
        });
    }

    @Test
    void tooLongUriDoesNotMatch() {
        assertThat(UriPattern.of("a").isFoundIn("a".repeat(1_024))).isTrue();
        assertThat(UriPattern.of("a").isFoundIn("a".repeat(1_025))).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "^sip:(.*@example",
                "(a)\\1",
                "(?=a)a",
                "[[:number:]]",
                "a{1001}",
                "(a{1000}){1000}",
                "((((a{99}){99}){99}){99}){99}",
                "(([(]a{100}[)]){100}){100}",
                "((\\(a){500,900}b*){2}",
                "a{1000}b{1000}c{1000}",
                "((a{1000})\\Q)\\E){1000}"
            })
    void malformedOrTooLargeExpressionIsRejectedAtOnce(String text) {
        Assertions.assertTimeoutPreemptively(
                Duration.ofSeconds(5),
                () -> assertThatIllegalArgumentException()
                        .isThrownBy(() -> UriPattern.of(text))
                        .withMessageStartingWith("pattern: "));
        assertThatIllegalArgumentException().isThrownBy(() -> UriPattern.of("a".repeat(1_025)));
    }
}
