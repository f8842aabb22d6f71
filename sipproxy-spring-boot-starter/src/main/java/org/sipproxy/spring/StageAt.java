package org.sipproxy.spring;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Place of a {@link org.sipproxy.api.routing.RequestStage} bean in the pipeline, on its class or its {@code @Bean}
 * method. Without it a stage runs before routing.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.METHOD, ElementType.TYPE})
public @interface StageAt {

    /** Returns the place. */
    Place value();

    /** Place in the pipeline; see the methods of {@code SipProxyBuilder} with these names. */
    enum Place {
        /** Before authentication, for requests outside a dialog. */
        BEFORE_AUTHENTICATION,
        /** After authentication, before the registrar and the look-up in the location store. */
        BEFORE_ROUTING,
        /** Before a request is rejected because the user has no usable binding. */
        ON_UNAVAILABLE_USER,
        /** When the targets are known; for in-dialog requests too. */
        BEFORE_FORWARDING
    }
}
