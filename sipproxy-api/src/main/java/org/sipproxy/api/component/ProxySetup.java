package org.sipproxy.api.component;

import java.util.List;

/**
 * The proxy that is being built, for {@link ProxyComponent#problems}.
 *
 * @param domains the configured domains, in lower case; a component may serve others at run time
 * @param components all components, in the order in which they run
 * @param hasProvenSenders true if a sender may be authenticated or trusted: by authentication, by a stage that the host
 *     application has added before routing, or by a component of {@link ProxyComponent.Phase#ACCESS}
 */
public record ProxySetup(List<String> domains, List<ProxyComponent> components, boolean hasProvenSenders) {

    /** Copies the lists. */
    public ProxySetup {
        domains = List.copyOf(domains);
        components = List.copyOf(components);
    }

    /** Returns the components that run after this one; all if it is not one of them. */
    public List<ProxyComponent> after(ProxyComponent component) {
        return components.subList(components.indexOf(component) + 1, components.size());
    }
}
