package org.sipproxy.nat;

import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;

/** A binding whose client is reached by the flow that it registered over. */
final class Client {

    final Aor aor;
    /** {@link AliasWriter#owner} of {@link #aor}. */
    final int owner;

    final KeptFlow flow;
    /** Replaced when the client refreshes it. */
    volatile Binding binding;

    Client(Aor aor, int owner, KeptFlow flow, Binding binding) {
        this.aor = aor;
        this.owner = owner;
        this.flow = flow;
        this.binding = binding;
    }
}
