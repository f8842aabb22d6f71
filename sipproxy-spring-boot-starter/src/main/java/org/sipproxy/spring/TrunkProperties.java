package org.sipproxy.spring;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.client.DigestLogin;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.gateway.CallerIdentity;
import org.sipproxy.gateway.SourceMatch;
import org.sipproxy.gateway.Trunk;
import org.sipproxy.message.SipUri;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Account at a telephony provider.
 *
 * @param uri URI of the account, such as sip:4930123@sip.carrier.example.
 * @param password Password of the account.
 * @param authUsername User name of the password. Default the user of the URI.
 * @param realm Only realm that gets a digest of the password. Default any.
 * @param authProxy Proxy of the provider through which requests are sent.
 * @param register Whether the account is registered at the provider.
 * @param expires Lifetime of the registration.
 * @param identity How the number of the account is shown to the provider.
 * @param to User who gets the calls of the provider. Default the user with the called number.
 * @param did Users who get the calls of single numbers, by number.
 * @param source Hosts from which calls of the provider also come.
 * @param contactAddr Host in the Contact of the registration.
 * @param socket Listening point from which requests are sent.
 * @param regDelay Delay of the first registration.
 * @param retry First interval between failed registrations.
 * @param retryLongest Longest interval between failed registrations.
 * @param recognize How calls of the provider are recognized.
 */
record TrunkProperties(
        @Nullable String uri,
        @Nullable String password,
        @Nullable String authUsername,
        @Nullable String realm,
        @Nullable String authProxy,
        @DefaultValue("true") boolean register,
        @Nullable Duration expires,
        @DefaultValue("none") CallerIdentity identity,
        @Nullable String to,
        @DefaultValue Map<String, String> did,
        @DefaultValue List<String> source,
        @Nullable String contactAddr,
        @Nullable String socket,
        @Nullable Duration regDelay,
        @DefaultValue("30s") Duration retry,
        @DefaultValue("30m") Duration retryLongest,
        @DefaultValue("address") SourceMatch recognize) {

    Trunk build(String name, String domain) {
        SipUri account = SipUri.of(uri == null ? "" : uri);
        if (!account.isSip() || !account.hasUser()) {
            throw new IllegalArgumentException("expected sip:USER@HOST, such as sip:4930123@carrier.example");
        }
        String text = account.toString();
        SipUri provider = SipUri.of(text.substring(0, text.indexOf(':') + 1) + text.substring(text.indexOf('@') + 1));
        Trunk.Builder trunk = Trunk.builder(name, provider)
                .account(account.user())
                .identity(identity)
                .recognize(recognize)
                .retry(retry, retryLongest);
        if (!register) {
            trunk.withoutRegistration();
        }
        if (password != null && !password.isEmpty()) {
            DigestLogin login = DigestLogin.ofPassword(authUsername == null ? account.user() : authUsername, password);
            trunk.login(realm == null ? login : login.forRealm(realm));
        } else if (register) {
            throw new IllegalArgumentException("has no password; set sipproxy.trunk." + name + ".password");
        }
        GatewayProperties.ifGiven(authProxy, proxy -> trunk.outboundProxy(SipUri.of(proxy)));
        GatewayProperties.ifGiven(expires, trunk::expires);
        GatewayProperties.ifGiven(contactAddr, trunk::contactHost);
        GatewayProperties.ifGiven(socket, point -> trunk.socket(Endpoint.parse(point)));
        GatewayProperties.ifGiven(regDelay, trunk::startDelay);
        GatewayProperties.ifGiven(to, user -> trunk.incomingTo(user(user, domain)));
        source.forEach(trunk::source);
        did.forEach((number, user) -> trunk.did(number, user(user, domain)));
        return trunk.build();
    }

    private static SipUri user(String text, String domain) {
        return SipUri.of("sip:" + text + (text.indexOf('@') < 0 ? "@" + domain : ""));
    }

    /** Leaves out the password. */
    @Override
    public String toString() {
        return "TrunkProperties[uri=" + uri + "]";
    }
}
