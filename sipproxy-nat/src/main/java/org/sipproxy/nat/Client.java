package org.sipproxy.nat;

import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;

/** Binding whose client is reached over the flow that it registered on. */
final class Client {

    final Aor aor;
    /** {@link AliasWriter#owner} of {@link #aor}. */
    final int owner;

    final KeptFlow flow;
    /** Replaced when the client refreshes the binding. */
    volatile Binding binding;

    Client(Aor aor, int owner, KeptFlow flow, Binding binding) {
        this.aor = aor;
        this.owner = owner;
        this.flow = flow;
        this.binding = binding;
    }
}
