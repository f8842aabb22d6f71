package org.sipproxy.api.component;

import org.sipproxy.api.event.ProxyListener;
import org.sipproxy.api.location.LocationListener;
import org.sipproxy.api.routing.DomainSource;
import org.sipproxy.api.routing.RequestListener;
import org.sipproxy.api.routing.RequestStage;
import org.sipproxy.api.routing.ResponseStage;
import org.sipproxy.api.transport.ArrivalFilter;
import org.sipproxy.api.transport.NonSipHandler;
import org.sipproxy.api.transport.StrayResponseHandler;

/** The places at which a {@link ProxyComponent} may take part. At each place components run in the builder's order. */
public interface ComponentHooks {

    /** Before a connection is accepted and before a message is parsed. */
    void onArrival(ArrivalFilter filter);

    /** What arrives and is no SIP message. */
    void onNonSip(NonSipHandler handler);

    /** A step before all others: the request is well-formed and no retransmission of one that still has a transaction. */
    void atEntrance(RequestStage stage);

    /** A step before anybody is asked for a password; requests inside a dialog do not pass here. */
    void beforeAuthentication(RequestStage stage);

    /** A step for authenticated requests, before the registrar or the location store look at it. */
    void beforeRouting(RequestStage stage);

    /** A step for requests whose targets are known, those inside a dialog and ACK too. */
    void beforeForwarding(RequestStage stage);

    /** A step for responses that are about to be forwarded. */
    void onResponse(ResponseStage stage);

    /** A response that no transaction of the proxy waits for, such as the answer to a component's own request. */
    void onStrayResponse(StrayResponseHandler handler);

    /** More domains that the proxy is responsible for; they may change while it runs. */
    void serveDomains(DomainSource source);

    /** Watches bindings. */
    void onLocationChange(LocationListener listener);

    /** Watches requests that got their final response. */
    void onRequestCompleted(RequestListener listener);

    /** Watches what components and the proxy report. */
    void onEvent(ProxyListener listener);
}
