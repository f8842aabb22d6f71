package org.sipproxy.spring.test;

import org.sipproxy.core.SipProxy;
import org.sipproxy.core.trace.Ladder;
import org.sipproxy.spring.SipProxyProperties;
import org.sipproxy.spring.TestListeningPoints;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** Beans of {@link AutoConfigureSipPhones}. */
@Configuration(proxyBeanMethods = false)
class SipPhonesConfiguration {

    @Bean
    TestListeningPoints sipTestListeningPoints() {
        return new TestListeningPoints();
    }

    @Bean
    PhoneNames sipPhoneNames() {
        return new PhoneNames();
    }

    /** Draws the messages on the wire, from the start of the proxy. */
    @Bean
    Ladder sipTestLadder(PhoneNames names) {
        return new Ladder(names);
    }

    @Bean
    SipPhones sipTestPhones(
            ObjectProvider<SipProxy> proxy,
            ObjectProvider<SipProxyProperties> properties,
            Ladder ladder,
            PhoneNames names) {
        return new SipPhones(proxy::getObject, properties.getIfAvailable(), ladder, names);
    }
}
