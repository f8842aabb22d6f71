package org.sipproxy.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sipproxy.api.auth.DigestAlgorithm;

class DigestCredentialsTest {

    /** The examples of RFC 7616 §3.9.1. */
    @ParameterizedTest
    @CsvSource({
        "MD5, 8ca523f5e9506fed4657c9700eebdbec",
        "SHA_256, 753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"
    })
    void responseIsThatOfTheExample(DigestAlgorithm algorithm, String response) {
        DigestCredentials credentials = DigestCredentials.of(
                        "Mufasa",
                        "http-auth@example.org",
                        "Circle of Life",
                        "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v")
                .request("GET", "/dir/index.html")
                .algorithm(algorithm)
                .with("cnonce", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ");

        assertThat(credentials.response()).isEqualTo(response);
        assertThat(credentials.value())
                .startsWith("Digest username=\"Mufasa\", realm=\"http-auth@example.org\", nonce=\"")
                .contains(", algorithm=" + algorithm.token() + ", ", ", qop=auth, nc=00000001, ")
                .endsWith(", response=\"" + response + "\"");
    }

    /** The example of RFC 2617 §3.5, with and without qop. */
    @Test
    void responseWithoutQopIsThatOfRfc2069() {
        DigestCredentials credentials = DigestCredentials.of(
                        "Mufasa", "testrealm@host.com", "Circle Of Life", "dcd98b7102dd2f0e8b11d0f600bfb0c093")
                .request("GET", "/dir/index.html")
                .with("cnonce", "0a4f113b");
        assertThat(credentials.response()).isEqualTo("6629fae49393a05397450978507c4ef1");

        credentials.withoutQop();

        assertThat(credentials.response()).isEqualTo("670fd8c2df070c60b045671b8b24ff02");
        assertThat(credentials.value()).doesNotContain("qop", "nc=", "cnonce");
    }

    @Test
    void oneThingIsChangedForAnAttack() {
        DigestCredentials right = DigestCredentials.of("alice", "sip.test", "secret", "n");
        String response = right.response();

        assertThat(DigestCredentials.of("alice", "sip.test", "secret", "n")
                        .with("cnonce", "\"\\")
                        .value())
                .contains("cnonce=\"\\\"\\\\\"");
        assertThat(right.password("guess").response()).isNotEqualTo(response);
        assertThat(right.password("secret").response()).isEqualTo(response);
        assertThat(right.body("text").value()).contains("qop=auth-int");
        assertThat(right.without("uri").value()).doesNotContain("uri=");
    }
}
