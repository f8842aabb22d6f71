package org.sipproxy.core.internal.tls;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.sipproxy.core.certificates.TestCertificate;

/** RFC 5922 §7. */
class SipIdentitiesTest {

    private static SipIdentities of(String... names) {
        return SipIdentities.of(TestCertificate.of(names).certificate());
    }

    @Test
    void aDnsNameIsADomain() {
        SipIdentities identities = of("dns:Sip.Example.com", "dns:other.example.com");

        assertThat(identities.domains()).containsExactlyInAnyOrder("sip.example.com", "other.example.com");
        assertThat(identities.covers("SIP.example.com")).isTrue();
        assertThat(identities.covers("example.com")).isFalse();
        assertThat(identities.covers("a.sip.example.com")).isFalse();
    }

    @Test
    void withASipUriTheDnsNamesAreNone() {
        assertThat(of("uri:sip:example.com", "dns:host1.example.com").domains()).containsExactly("example.com");
    }

    @Test
    void aUriWithAUserOrOfAnotherSchemeIsNotADomain() {
        assertThat(of("uri:sip:alice@example.com", "uri:sips:example.org", "uri:https://example.net", "dns:host.test")
                        .domains())
                .containsExactly("host.test");
    }

    @Test
    void aWildcardCoversNothing() {
        SipIdentities identities = of("dns:*.example.com");

        assertThat(identities.covers("sip.example.com")).isFalse();
    }

    @Test
    void anAddressHasToBeNamedAsOne() {
        SipIdentities identities = of("ip:192.0.2.1", "ip:2001:db8:0:0:0:0:0:1", "dns:192.0.2.7");

        assertThat(identities.covers("192.0.2.1")).isTrue();
        assertThat(identities.covers("[2001:db8::1]")).isTrue();
        assertThat(identities.covers("192.0.2.2")).isFalse();
        assertThat(identities.covers("192.0.2.7")).isFalse();
    }

    @Test
    void theCommonNameIsNotLookedAt() {
        TestCertificate certificate = TestCertificate.with(
                "-dname", "CN=sip.example.com", "-keyalg", "EC", "-groupname", "secp256r1", "-validity", "1");

        assertThat(SipIdentities.of(certificate.certificate())).isEqualTo(SipIdentities.NONE);
    }
}
