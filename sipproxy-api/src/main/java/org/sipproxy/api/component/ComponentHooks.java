package org.sipproxy.api.component;

import org.sipproxy.api.call.CallListener;
import org.sipproxy.api.event.DatabaseListener;
import org.sipproxy.api.event.ProxyListener;
import org.sipproxy.api.event.RefusalListener;
import org.sipproxy.api.location.LocationListener;
import org.sipproxy.api.routing.DomainSource;
import org.sipproxy.api.routing.RequestListener;
import org.sipproxy.api.routing.RequestStage;
import org.sipproxy.api.routing.ResponseStage;
import org.sipproxy.api.transport.ArrivalFilter;
import org.sipproxy.api.transport.NonSipHandler;
import org.sipproxy.api.transport.StrayResponseHandler;

/**
 * Registration of a {@link ProxyComponent}'s parts: filters, stages, handlers and listeners. Parts of one kind run in
 * the order of the components: by {@link ProxyComponent.Phase}, then in the order in which the host added them.
 *
 * <p>Passed to {@link ProxyComponent#install}. Not for implementation by host applications: methods may be added in a
 * minor version. Unit tests use {@code FakeHooks} of {@code sipproxy-testkit}.
 */
public interface ComponentHooks {

    /** Adds a filter that runs before a connection is accepted and before a message is parsed. */
    void onArrival(ArrivalFilter filter);

    /** Adds a handler for what arrives and is not a SIP message. */
    void onNonSip(NonSipHandler handler);

    /**
     * Adds a stage that runs before all others. The request is well-formed, and it is not a retransmission of a request
     * that still has a transaction.
     */
    void atEntrance(RequestStage stage);

    /** Adds a stage that runs before authentication. It does not see in-dialog requests. */
    void beforeAuthentication(RequestStage stage);

    /** Adds a stage that runs after authentication and before the registrar and the location look-up. */
    void beforeRouting(RequestStage stage);

    /**
     * Adds a stage that runs before a request to a local user without a usable binding is rejected with 404 or 480;
     * {@link org.sipproxy.api.routing.StageContext#unavailability()} says why. It does not see in-dialog requests.
     */
    void onUnavailableUser(RequestStage stage);

    /** Adds a stage that runs once the targets are known. It also sees in-dialog requests and ACK. */
    void beforeForwarding(RequestStage stage);

    /** Adds a stage for responses that are about to be forwarded. */
    void onResponse(ResponseStage stage);

    /** Adds a handler for stray responses, such as the response to a request that the component itself sent. */
    void onStrayResponse(StrayResponseHandler handler);

    /** Adds a source of domains that the proxy is responsible for. The set may change while the proxy runs. */
    void serveDomains(DomainSource source);

    /** Adds a listener for changes of bindings. */
    void onLocationChange(LocationListener listener);

    /** Adds a listener that is notified when a request has received its final response. */
    void onRequestCompleted(RequestListener listener);

    /** Adds a listener for calls. It is notified only if the host application has set {@code SipProxyBuilder.calls}. */
    void onCall(CallListener listener);

    /** Adds a listener for the security events that the proxy and its components publish. */
    void onEvent(ProxyListener listener);

    /** Adds a listener for what the proxy refuses or drops. */
    void onRefusal(RefusalListener listener);

    /** Adds a listener for the operations that components make on databases. */
    void onDatabaseCall(DatabaseListener listener);
}
