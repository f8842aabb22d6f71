package org.sipproxy.spring;

import java.time.Duration;
import org.sipproxy.security.DigestAuthentication;
import org.sipproxy.security.Lockout;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Lockouts after wrong passwords.
 *
 * @param enabled Whether users and sources are locked out.
 * @param userFailures Wrong passwords of one user from one source until the lockout, 1 to 1000.
 * @param sourceFailures Wrong passwords from one source until it is locked out, 1 to 1000000.
 * @param first First lockout; each further failure doubles the next.
 * @param longest Longest lockout, up to 7d.
 * @param answer Response to a locked-out client.
 */
@ConfigurationProperties("sipproxy.lockout")
record LockoutProperties(
        @DefaultValue("true") boolean enabled,
        @DefaultValue("5") int userFailures,
        @DefaultValue("100") int sourceFailures,
        @DefaultValue("30s") Duration first,
        @DefaultValue("1h") Duration longest,
        @DefaultValue("challenge") Lockout.Answer answer) {

    void addTo(DigestAuthentication.Builder digest, Problems problems) {
        if (!enabled) {
            digest.noLockout();
            return;
        }
        problems.collect(() -> digest.lockout(Lockout.builder()
                .userFailures(userFailures)
                .sourceFailures(sourceFailures)
                .first(first)
                .longest(longest)
                .answer(answer)
                .build()));
    }
}
