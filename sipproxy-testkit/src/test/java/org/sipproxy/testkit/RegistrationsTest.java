package org.sipproxy.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.sipproxy.api.location.UserCase;

@Timeout(30)
class RegistrationsTest {

    @RegisterExtension
    final SipProxyExtension sip = SipProxyExtension.builder()
            .configure(proxy -> proxy.domain("other.test"))
            .build();

    @Test
    void waitsUntilAUserRegistersAndUnregisters() {
        Phone ivr = sip.phone("ivr");

        CompletableFuture<?> registering = CompletableFuture.runAsync(ivr::register);
        assertThat(sip.awaitRegistered("ivr"))
                .singleElement()
                .satisfies(binding -> assertThat(binding.contact()).hasToString(ivr.contact()));
        registering.join();
        CompletableFuture<?> unregistering = CompletableFuture.runAsync(ivr::unregister);
        sip.awaitUnregistered("ivr@sip.test");
        unregistering.join();
        assertThat(sip.bindings("ivr")).isEmpty();
    }

    @Test
    void userOfAnotherDomainIsFoundInTheCaseOfTheRegistrar() {
        sip.registeredPhone("IVR", phone -> phone.domain("other.test"));

        assertThat(sip.proxy().settings().registrar().userCase()).isEqualTo(UserCase.INSENSITIVE);
        assertThat(sip.awaitRegistered("Ivr@OTHER.test")).hasSize(1);
        assertThat(sip.bindings("ivr")).isEmpty();
    }

    @Test
    void failureNamesWhoIsRegisteredAndDrawsTheMessages() {
        Registrations registrations = Registrations.of(sip.proxy());
        assertThatThrownBy(() -> registrations.awaitRegistered("ivr", Duration.ZERO))
                .isInstanceOf(AssertionError.class)
                .hasMessage("""
                    sip:ivr@sip.test was not registered within PT0S; registered: none
                    no messages on the proxy's wire
                    """);
        Phone bob = sip.registeredPhone("bob");

        assertThatThrownBy(() -> registrations.awaitRegistered("ivr", Duration.ZERO))
                .hasMessageContaining("; registered: sip:bob@sip.test at " + bob.contact() + "\n")
                .hasMessageContaining("-- REGISTER -----");
        assertThatThrownBy(() -> registrations.awaitUnregistered("bob", Duration.ZERO))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("sip:bob@sip.test was still registered after PT0S: " + bob.contact() + "\n")
                .hasMessageContaining("-- REGISTER -----");
    }

    @Test
    void bindingsOfOnePhoneAreRemoved() {
        Phone desk = sip.registeredPhone("bob");
        Phone mobile = sip.registeredPhone("bob");

        sip.registrations().removeBindingsOf(desk);

        assertThat(sip.bindings("bob"))
                .singleElement()
                .satisfies(binding -> assertThat(binding.contact()).hasToString(mobile.contact()));
    }
}
