package org.sipproxy.jdbc;

import java.time.Duration;
import java.util.function.Consumer;
import org.sipproxy.api.client.DigestLogin;
import org.sipproxy.api.gateway.TrunkAccount;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.message.SipUri;

/** Row of the table {@code uacreg}. */
record TrunkRow(
        String uuid,
        String localUser,
        String localDomain,
        String remoteUser,
        String remoteDomain,
        String realm,
        String authUser,
        String authPassword,
        String authHa1,
        String authProxy,
        int expires,
        int flags,
        int delay,
        String contactAddress,
        String socket) {

    private static final int DISABLED = 1;
    private static final int SHORTEST = 30;
    private static final int LONGEST = 86_400;
    private static final int LONGEST_DELAY = 3_600;
    private static final int MD5_DIGITS = 32;

    /**
     * Returns the account of the row.
     *
     * @param problems accepts what of the row is not used as it is
     * @throws IllegalArgumentException if the row is not valid
     */
    TrunkAccount account(Consumer<String> problems) {
        if (remoteUser.isEmpty() || remoteDomain.isEmpty()) {
            throw new IllegalArgumentException((remoteUser.isEmpty() ? "r_username" : "r_domain")
                    + ": empty; it names the account at the provider");
        }
        TrunkAccount.Builder account = TrunkAccount.builder(uuid, SipUri.of("sip:" + remoteUser + "@" + remoteDomain));
        if (!localUser.isEmpty() && !localDomain.isEmpty()) {
            account.user(SipUri.of("sip:" + localUser + "@" + localDomain));
        }
        addLogin(account);
        if (!authProxy.isEmpty()) {
            account.outboundProxy(SipUri.of(authProxy));
        }
        if (expires == 0 || (flags & DISABLED) != 0) {
            account.withoutRegistration();
        } else {
            account.expires(Duration.ofSeconds(within("expires", expires, SHORTEST, LONGEST, problems)));
        }
        account.startDelay(Duration.ofSeconds(within("reg_delay", delay, 0, LONGEST_DELAY, problems)));
        if (!contactAddress.isEmpty()) {
            if (SipUri.of("sip:" + contactAddress).hasUser()) {
                throw new IllegalArgumentException("contact_addr: expected a host with an optional port");
            }
            account.contactHost(contactAddress);
        }
        if (!socket.isEmpty()) {
            addSocket(account, problems);
        }
        return account.build();
    }

    private void addLogin(TrunkAccount.Builder account) {
        String user = authUser.isEmpty() ? remoteUser : authUser;
        if (!authHa1.isEmpty()) {
            if (realm.isEmpty()) {
                throw new IllegalArgumentException("realm: empty, but auth_ha1 is the hash for one realm");
            }
            String algorithm = authHa1.length() > MD5_DIGITS ? "SHA-256" : "MD5";
            account.login(DigestLogin.ofHa1(user, realm, algorithm, authHa1));
        } else if (!authPassword.isEmpty()) {
            DigestLogin login = DigestLogin.ofPassword(user, authPassword);
            account.login(realm.isEmpty() ? login : login.forRealm(realm));
        }
    }

    private static int within(String column, int value, int least, int most, Consumer<String> problems) {
        int used = Math.max(least, Math.min(most, value));
        if (used != value) {
            problems.accept(column + " " + value + " is used as " + used + " (expected " + least + " to " + most + ")");
        }
        return used;
    }

    private void addSocket(TrunkAccount.Builder account, Consumer<String> problems) {
        try {
            account.socket(Endpoint.parse(socket));
        } catch (IllegalArgumentException e) {
            problems.accept(SocketColumn.unusable(socket));
        }
    }

    /** Returns the name only: a row has a secret. */
    @Override
    public String toString() {
        return uuid;
    }
}
