package org.sipproxy.core.internal.pipeline;

import org.jspecify.annotations.Nullable;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.internal.codec.RouteSignature;
import org.sipproxy.core.internal.transport.TransportFlow;

/**
 * Facts about the dialog of an in-dialog request and the path to its remote target: from a signed Route of this proxy,
 * and from the current registration of the target.
 */
public final class DialogPath {

    /** Nothing is known. Must not be changed. */
    static final DialogPath UNKNOWN = new DialogPath();

    RouteSignature.@Nullable Proof proof;

    @Nullable
    TransportFlow flow;

    @Nullable
    TransportFlow registeredFlow;

    @Nullable
    TransportFlow registeredDatagrams;

    @Nullable
    Endpoint point;

    @Nullable
    Aor user;

    boolean needsFlow;

    DialogPath() {}

    /** Returns the signature that proves the dialog; null outside a dialog that this proxy has record-routed. */
    public @Nullable String signature() {
        RouteSignature.Proof known = proof;
        return known == null ? null : known.signature();
    }

    /** Returns the connection that a signed Route names; null if there is none or it is closed. */
    public @Nullable TransportFlow flow() {
        return flow;
    }

    /** Returns the flow over which the remote target is registered now; null if none is known. */
    public @Nullable TransportFlow registeredFlow() {
        return registeredFlow;
    }

    /**
     * Returns the UDP flow over which the remote target is registered now, although it names another transport; null if
     * none is known. For a target that no next hop leads to.
     */
    public @Nullable TransportFlow registeredDatagrams() {
        return registeredDatagrams;
    }

    /** Returns the listening point that a signed Route names, which serves the remote target; null if there is none. */
    public @Nullable Endpoint point() {
        return point;
    }

    /**
     * Returns true if the remote target is reachable only over a connection that it has opened (RFC 5626 §5.3).
     */
    public boolean needsFlow() {
        return needsFlow;
    }

    /** Returns the user of the remote target, named by a signed Route; null if there is none. */
    @Nullable
    Aor user() {
        return user;
    }
}
