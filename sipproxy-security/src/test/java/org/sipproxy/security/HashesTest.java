package org.sipproxy.security;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sipproxy.api.auth.DigestAlgorithm;
import org.sipproxy.testkit.DigestCredentials;

class HashesTest {

    private final Hashes hashes = new Hashes(List.of(Hashes.key(new byte[16])));

    private static DigestResponse parse(String value) {
        byte[] a = value.getBytes(UTF_8);
        DigestResponse response = DigestResponse.parse(a, 0, a.length);
        assertThat(response).as(value).isNotNull();
        return response;
    }

    private boolean matches(String value, String realm, String password) {
        DigestResponse response = parse(value);
        hashes.ha1OfPassword(response, realm.getBytes(US_ASCII), password.getBytes(UTF_8));
        return hashes.matches(response, "GET".getBytes(US_ASCII));
    }

    @ParameterizedTest
    @CsvSource({"Circle Of Life, true", "Circle of Life, false", "'', false"})
    void exampleOfRfc2617Section3_5(String password, boolean right) {
        String value = """
        Digest username="Mufasa", realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093",
         uri="/dir/index.html", qop=auth, nc=00000001, cnonce="0a4f113b",
         response="6629fae49393a05397450978507c4ef1", opaque="5ccc069c403ebaf9f0171e9517f40e41\"""";

        assertThat(matches(value, "testrealm@host.com", password)).isEqualTo(right);
    }

    @ParameterizedTest
    @CsvSource({"Circle of Life, true", "Circle Of Life, false"})
    void exampleOfRfc7616Section3_9_1(String password, boolean right) {
        String value = """
        Digest username="Mufasa", realm="http-auth@example.org", uri="/dir/index.html", algorithm=MD5,
         nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", nc=00000001,
         cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", qop=auth,
         response="8ca523f5e9506fed4657c9700eebdbec", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"""";

        assertThat(matches(value, "http-auth@example.org", password)).isEqualTo(right);
    }

    /** The same example with the other algorithm. */
    @ParameterizedTest
    @CsvSource({"Circle of Life, true", "Circle Of Life, false"})
    void sha256ExampleOfRfc7616Section3_9_1(String password, boolean right) {
        hashes.use(DigestAlgorithm.SHA_256);
        String value = """
        Digest username="Mufasa", realm="http-auth@example.org", uri="/dir/index.html", algorithm=SHA-256,
         nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", nc=00000001,
         cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", qop=auth,
         response="753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"""";

        assertThat(matches(value, "http-auth@example.org", password)).isEqualTo(right);
    }

    /** RFC 2069 §2.4 with the response of its erratum 749. */
    @Test
    void responseWithoutQopIsThatOfRfc2069() {
        String value = """
        Digest username="Mufasa", realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093",
         uri="/dir/index.html", response="1949323746fe6a43ef61f9606e7febea", opaque="5ccc069c403ebaf9f0171e9517f40e41\"""";

        assertThat(matches(value, "testrealm@host.com", "CircleOfLife")).isTrue();
        assertThat(matches(value, "testrealm@host.com", "Circle Of Life")).isFalse();
    }

    @Test
    void ha1IsTakenInPlaceOfAPassword() {
        DigestResponse response = parse(Requests.credentials("n").value());

        hashes.ha1OfPassword(response, "example.org".getBytes(US_ASCII), "wrong".getBytes(US_ASCII));
        assertThat(hashes.matches(response, "REGISTER".getBytes(US_ASCII))).isFalse();

        hashes.ha1(DigestCredentials.ha1(DigestAlgorithm.MD5, "1001", "example.org", "secret")
                .getBytes(US_ASCII));
        assertThat(hashes.matches(response, "REGISTER".getBytes(US_ASCII))).isTrue();
    }

    @Test
    void responseIsComparedInEveryDigitAndInEitherCase() {
        String credentials = Requests.credentials("n").value();
        int start = credentials.lastIndexOf("response=\"") + 10;
        String upper =
                credentials.substring(0, start) + credentials.substring(start).toUpperCase(java.util.Locale.ROOT);
        byte[] ha1 = DigestCredentials.ha1(DigestAlgorithm.MD5, "1001", "example.org", "secret")
                .getBytes(US_ASCII);
        byte[] method = "REGISTER".getBytes(US_ASCII);

        hashes.ha1(ha1);
        assertThat(hashes.matches(parse(upper), method)).isTrue();
        for (int i = 0; i < 32; i++) {
            char[] changed = credentials.toCharArray();
            changed[start + i] = changed[start + i] == '0' ? '1' : '0';
            assertThat(hashes.matches(parse(new String(changed)), method))
                    .as("digit %s", i)
                    .isFalse();
        }
    }
}
