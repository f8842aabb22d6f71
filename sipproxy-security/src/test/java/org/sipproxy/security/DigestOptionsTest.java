package org.sipproxy.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.api.auth.Credential;
import org.sipproxy.api.auth.CredentialStore;
import org.sipproxy.api.config.OptionProblems;
import org.sipproxy.api.routing.NeedsWorkerException;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.testkit.DigestCredentials;
import org.sipproxy.testkit.fakes.FakeStageContext;

/** Options of the builder. */
class DigestOptionsTest extends DigestScene {

    @Test
    void blocksIfTheCredentialsDo() {
        assertThat(authentication.mayBlock()).isFalse();
        assertThat(plain().credentials((username, realm) -> Optional.empty())
                        .build()
                        .mayBlock())
                .isTrue();
    }

    @Test
    void cachedUsersAreDecidedAtOnceAndOnlyOthersNeedAWorker() throws Exception {
        DigestAuthentication cached = plain().credentials(new CredentialStore() {
                    @Override
                    public Optional<Credential> find(String username, String realm) {
                        throw new AssertionError("a receiver thread must not wait");
                    }

                    @Override
                    public CredentialStore withoutWaiting() {
                        return (username, realm) -> {
                            if (username.equals("1001") && realm.equals("example.org")) {
                                return Optional.empty();
                            }
                            throw new NeedsWorkerException();
                        };
                    }
                })
                .build();
        DigestCredentials phone = Requests.credentials("n");

        assertThat(cached.handleAtOnce(FakeStageContext.of(Requests.register())))
                .isInstanceOf(Verdict.Respond.class);
        assertThat(cached.handleAtOnce(FakeStageContext.of(Requests.register("Authorization: " + phone.value()))))
                .isInstanceOf(Verdict.Respond.class);
        assertThatThrownBy(() -> cached.handleAtOnce(FakeStageContext.of(Requests.register(
                        "Authorization: " + phone.with("username", "1002").value()))))
                .isInstanceOf(NeedsWorkerException.class);
        assertThat(cached.handleAtOnce(FakeStageContext.of(Requests.invite("Proxy-Authorization: Digest a=\""))))
                .isInstanceOf(Verdict.class);
    }

    @Test
    void blockingStoreIsNeverCalledOnAReceiverThread() {
        DigestAuthentication blocking = plain().credentials((username, realm) -> {
                    throw new AssertionError("a receiver thread must not wait");
                })
                .build();

        assertThatThrownBy(() -> blocking.handleAtOnce(FakeStageContext.of(Requests.register(
                        "Authorization: " + Requests.credentials("n").value()))))
                .isInstanceOf(NeedsWorkerException.class);
    }

    @Test
    void missingCredentialsAreReported() {
        assertThatThrownBy(() -> plain().build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("credentials: missing");
    }

    @Test
    void allProblemsAreReportedAtOnceWithValueAndRange() {
        DigestAuthentication.Builder builder = plain().realm("a\"b")
                .nonceLifetime(Duration.ofMillis(999))
                .secret(new byte[15])
                .requireQop(true)
                .requireQop(false);

        assertThatThrownBy(builder::build)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("realm: character 1")
                .hasMessageContaining("nonceLifetime: 999ms (expected 1s to 24h)")
                .hasMessageContaining("secret: 15 bytes (expected 16 to 1,024")
                .hasMessageContaining("requireQop: given twice")
                .hasMessageContaining("credentials: missing")
                .satisfies(e -> assertThat(e.getMessage().lines()).hasSize(5));
    }

    @ParameterizedTest
    @CsvSource({"PT0S, false", "PT1S, true", "PT24H, true", "PT24H0.001S, false", "PT-1S, false", "PT2000000000H, false"
    })
    void nonceLifetimeHasARange(Duration lifetime, boolean valid) {
        DigestAuthentication.Builder builder = plain().credentials(users).nonceLifetime(lifetime);

        if (valid) {
            assertThat(builder.build()).isNotNull();
        } else {
            assertThatThrownBy(builder::build).hasMessageContaining("nonceLifetime: " + OptionProblems.text(lifetime));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a\\b", "a\nb", "é", "\u007f"})
    void realmMustBeValidInAQuotedString(String realm) {
        DigestAuthentication.Builder builder = plain().credentials(users).realm(realm);

        assertThatThrownBy(builder::build)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("realm: ");
    }

    @Test
    void everyOptionMayBeSetOnlyOnce() {
        DigestAuthentication.Builder builder = plain().realm("example.org")
                .realm("example.org")
                .credentials(users)
                .credentials(users)
                .nonceLifetime(Duration.ofSeconds(5))
                .nonceLifetime(Duration.ofSeconds(5))
                .checkIdentity(true)
                .checkIdentity(true)
                .secret(SECRET)
                .secret(SECRET);

        assertThatThrownBy(builder::build)
                .hasMessageContaining("realm: given twice")
                .hasMessageContaining("credentials: given twice")
                .hasMessageContaining("nonceLifetime: given twice")
                .hasMessageContaining("checkIdentity: given twice")
                .hasMessageContaining("secret: given twice");
    }

    @Test
    void toStringShowsNoSecret() {
        assertThat(authentication).hasToString("DigestAuthentication[realm follows domain]");
    }
}
