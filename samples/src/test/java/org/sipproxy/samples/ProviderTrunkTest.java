package org.sipproxy.samples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.sipproxy.api.routing.RequestStage;
import org.sipproxy.api.routing.StageContext;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.core.SipProxyBuilder;
import org.sipproxy.gateway.SourceMatch;
import org.sipproxy.gateway.Trunk;
import org.sipproxy.gateway.TrunkState;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipUri;
import org.sipproxy.security.DigestAuthentication;
import org.sipproxy.testkit.IncomingCall;
import org.sipproxy.testkit.OutgoingCall;
import org.sipproxy.testkit.Phone;
import org.sipproxy.testkit.SipProxyExtension;

/** The provider is another proxy of this library, which requires the account's password for every call. */
@Timeout(60)
class ProviderTrunkTest {

    private static final String ACCOUNT = "4930123";
    private static final String OUTSIDE = "004940555";

    @RegisterExtension
    @Order(1)
    final SipProxyExtension provider = SipProxyExtension.builder()
            .domain("carrier.test")
            .user(ACCOUNT, "secret")
            .user(OUTSIDE, "outside")
            .authentication(
                    users -> DigestAuthentication.builder().credentials(users).build())
            .configure(proxy -> proxy.beforeAuthentication(new CallersAreTheAccount()))
            .build();

    private Trunk trunk;

    @RegisterExtension
    @Order(2)
    final SipProxyExtension sip = SipProxyExtension.builder()
            .user("1001", "test1001")
            .authentication(
                    users -> DigestAuthentication.builder().credentials(users).build())
            .configure(this::withTrunk)
            .build();

    private void withTrunk(SipProxyBuilder proxy) {
        trunk = ProviderTrunk.trunk(
                        SipUri.of("sip:127.0.0.1:" + provider.udp().getPort()),
                        SipUri.of("sip:" + ACCOUNT + "@carrier.test"),
                        "secret")
                .recognize(SourceMatch.ADDRESS_AND_PORT) // everything here is at one address
                .build();
        ProviderTrunk.addTo(proxy, trunk);
    }

    /** Treats callers of other domains as the account, so that they have to prove its password. */
    private static final class CallersAreTheAccount implements RequestStage {
        @Override
        public Verdict handle(StageContext context) throws SipParseException {
            SipRequest request = context.request();
            if (context.senderDomain().isEmpty()) {
                context.replace(request.withHeader(
                        HeaderName.FROM, "<sip:" + ACCOUNT + "@carrier.test>;tag=" + request.fromTag()));
            }
            return Verdict.proceed();
        }

        @Override
        public boolean mayBlock() {
            return false;
        }
    }

    private void awaitRegistered() {
        await().until(() -> trunk.status().state() == TrunkState.REGISTERED);
    }

    @Test
    void dialledNumberIsCalledWithTheAccountsPassword() {
        Phone outside = provider.registeredPhone(OUTSIDE);
        Phone user = sip.registeredPhone("1001");

        for (int i = 0; i < 2; i++) { // the second call begins with credentials
            OutgoingCall call = user.call("040-555");
            IncomingCall taken = outside.awaitCall();
            taken.ring();
            call.awaitRinging();
            taken.answer();
            call.awaitAnswer();
            taken.awaitAck();
            assertThat(taken.invite().header(HeaderName.P_ASSERTED_IDENTITY))
                    .contains("<sip:" + ACCOUNT + "@carrier.test>");
            if (i == 0) {
                call.hangUp();
            } else {
                taken.hangUp();
            }
        }
    }

    @Test
    void busyNumberIsBusyAndNotAChallenge() {
        Phone outside = provider.registeredPhone(OUTSIDE);
        OutgoingCall call = sip.registeredPhone("1001").call("040555");
        outside.awaitCall().busy();
        call.awaitStatus(486);
    }

    @Test
    void callToTheAccountReachesTheUser() {
        awaitRegistered();
        assertThat(provider.bindings(ACCOUNT)).hasSize(1);
        Phone user = sip.registeredPhone("1001");

        OutgoingCall call = provider.registeredPhone(OUTSIDE).call(ACCOUNT);
        user.awaitCall().answer();
        call.awaitAnswer().hangUp();
    }

    @Test
    void registrationEndsWithTheProxy() {
        awaitRegistered();

        sip.proxy().close();

        assertThat(provider.bindings(ACCOUNT)).isEmpty();
        assertThat(trunk.status().state()).isEqualTo(TrunkState.UNREGISTERED);
    }

    @Test
    void strangersDoNotCallOverTheAccount() {
        Phone stranger = sip.phone("mallory", phone -> phone.domain("elsewhere.test"));
        assertThat(stranger.call("sip:+4940555@sip.test").awaitFinal().statusCode())
                .isIn(403, 404);
    }
}
