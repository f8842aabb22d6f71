package org.sipproxy.api.location;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class UserCaseTest {

    @ParameterizedTest
    @CsvSource({
        "alice,alice",
        "Alice,alice",
        "ALICE,alice",
        "a-Z_9@[`{,a-z_9@[`{",
        "\u00c9,\u00c9",
        "\u0130,\u0130",
        "I,i",
        "\u1e9e,\u1e9e",
        "\u212a,\u212a"
    })
    void onlyAsciiLettersHaveACase(String user, String canonical) {
        assertThat(UserCase.INSENSITIVE.canonical(user)).isEqualTo(canonical);
        assertThat(UserCase.INSENSITIVE.isSame(user, canonical)).isTrue();
        assertThat(UserCase.SENSITIVE.canonical(user)).isEqualTo(user);
    }

    @ParameterizedTest
    @CsvSource({
        "\u00c9,\u00e9", // É and é
        "\u0130,i", // capital I with a dot
        "\u0131,I", // small i without a dot
        "\u00df,SS",
        "\u1e9e,\u00df", // sharp s
        "\u212a,k", // the Kelvin sign
        "\u017f,s", // the long s
        "\ufb01,fi",
        "e\u0301,\u00e9", // é decomposed
        "alice,alic",
        "alice,alicf"
    })
    void namesThatDifferOtherwiseAreDifferentUsers(String one, String other) {
        assertThat(UserCase.INSENSITIVE.isSame(one, other)).isFalse();
        assertThat(UserCase.INSENSITIVE.canonical(one)).isNotEqualTo(UserCase.INSENSITIVE.canonical(other));
    }

    @ParameterizedTest
    @ValueSource(strings = {"Alice", "ALICE", "aLICE"})
    void caseMattersIfUsersAreCaseSensitive(String user) {
        assertThat(UserCase.SENSITIVE.isSame(user, "alice")).isFalse();
        assertThat(UserCase.SENSITIVE.isSame(user, user)).isTrue();
        assertThat(UserCase.INSENSITIVE.isSame(user, "alice")).isTrue();
    }
}
