package org.sipproxy.spring;

import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.sipproxy.core.SipProxyBuilder;
import org.sipproxy.core.options.RegistrarPolicy;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Registrations.
 *
 * @param minExpires Shorter registrations are refused with 423. Default 60s, or default-expires or max-expires if
 *     that is shorter.
 * @param defaultExpires Lifetime of a registration if the phone does not ask for one. Default 1h, or max-expires
 *     if that is shorter.
 * @param maxExpires Longer registrations are shortened to this. Default 1h, or default-expires if that is longer.
 * @param maxContacts Maximum number of contacts of one user, 1 to 64.
 * @param contactMatching When two contacts are the same registration; exact-text as Kamailio compares.
 * @param whenFull What happens to a contact beyond max-contacts.
 * @param connectionLoss Which registrations over a closed connection are removed.
 * @param pathWithoutSupported What happens to a Path in a REGISTER without 'Supported: path'.
 * @param userCaseSensitive Whether users that differ in case only are different users.
 */
@ConfigurationProperties("sipproxy")
record RegistrarProperties(
        @Nullable Duration minExpires,
        @Nullable Duration defaultExpires,
        @Nullable Duration maxExpires,
        @DefaultValue("10") int maxContacts,
        @DefaultValue("rfc3261") RegistrarPolicy.ContactMatching contactMatching,
        @DefaultValue("replace-unreachable") RegistrarPolicy.WhenFull whenFull,
        @DefaultValue("remove-unreachable") RegistrarPolicy.ConnectionLoss connectionLoss,
        @DefaultValue("refuse") RegistrarPolicy.PathWithoutSupported pathWithoutSupported,
        @DefaultValue("false") boolean userCaseSensitive) {

    void addTo(SipProxyBuilder builder, Problems problems) {
        RegistrarPolicy.Builder policy = RegistrarPolicy.builder();
        if (minExpires != null) {
            policy.minExpires(minExpires);
        }
        if (defaultExpires != null) {
            policy.defaultExpires(defaultExpires);
        }
        if (maxExpires != null) {
            policy.maxExpires(maxExpires);
        }
        problems.collect(() -> builder.registrar(policy.maxContacts(maxContacts)
                .contactMatching(contactMatching)
                .whenFull(whenFull)
                .connectionLoss(connectionLoss)
                .pathWithoutSupported(pathWithoutSupported)
                .userCaseSensitive(userCaseSensitive)
                .build()));
    }
}
