package org.sipproxy.spring;

import org.sipproxy.core.SipProxyBuilder;

/**
 * Bean that changes the builder of the auto-configured proxy: for options without a property, such as the executor of
 * stages. Customizers run in order, after everything else was applied. An option that was applied already is given
 * twice, which fails; such an option has a property or a bean.
 */
@FunctionalInterface
public interface SipProxyCustomizer {

    /** Changes the builder. Does not build it. */
    void customize(SipProxyBuilder builder);
}
