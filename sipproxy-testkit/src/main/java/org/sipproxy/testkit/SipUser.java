package org.sipproxy.testkit;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.sipproxy.api.transport.TransportKind;

/**
 * User of a {@link Phone} that is a parameter of a test or lifecycle method; see {@link SipProxyTest}. Each such
 * parameter is another phone, also for the same user.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.PARAMETER)
public @interface SipUser {

    /** Returns the user name. */
    String value();

    /** Returns true if the phone registers before the method is called. Default true. */
    boolean registered() default true;

    /** Returns true if the phone rings and answers each call automatically. Default false. */
    boolean answering() default false;

    /** Returns the transport; TLS and WSS, which need certificates, are not supported here. Default UDP. */
    TransportKind transport() default TransportKind.UDP;
}
