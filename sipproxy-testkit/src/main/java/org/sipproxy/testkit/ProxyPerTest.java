package org.sipproxy.testkit;

import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionConfigurationException;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolutionException;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.platform.commons.support.AnnotationSupport;
import org.junit.platform.commons.support.HierarchyTraversalMode;
import org.junit.platform.commons.support.ReflectionSupport;

/** Extension of {@link SipProxyTest}: a {@link SipProxyExtension} for each test. Stateless. */
final class ProxyPerTest implements BeforeEachCallback, AfterEachCallback, ParameterResolver {

    private static final ExtensionContext.Namespace NAMESPACE = ExtensionContext.Namespace.create(ProxyPerTest.class);

    @Override
    public void beforeEach(ExtensionContext context) {
        SipProxyExtension.Builder builder = SipProxyExtension.builder();
        SipProxyTest test = annotation(context.getRequiredTestClass());
        builder.domain(test.domain());
        for (String user : test.users()) {
            int colon = user.indexOf(':');
            if (colon <= 0) {
                throw new ExtensionConfigurationException(
                        "users: \"" + user + "\" of @SipProxyTest has no password; write \"user:password\"");
            }
            builder.user(user.substring(0, colon), user.substring(colon + 1));
        }
        for (Object instance : context.getRequiredTestInstances().getAllInstances()) {
            configure(instance, builder);
        }
        SipProxyExtension sip = builder.build();
        sip.beforeEach(context);
        context.getStore(NAMESPACE).put(SipProxyExtension.class, sip);
    }

    private static SipProxyTest annotation(Class<?> testClass) {
        for (Class<?> type = testClass; type != null; type = type.getEnclosingClass()) {
            Optional<SipProxyTest> found = AnnotationSupport.findAnnotation(type, SipProxyTest.class);
            if (found.isPresent()) {
                return found.get();
            }
        }
        throw new ExtensionConfigurationException(testClass + " has no @SipProxyTest");
    }

    private static void configure(Object instance, SipProxyExtension.Builder builder) {
        List<Method> methods = AnnotationSupport.findAnnotatedMethods(
                instance.getClass(), ConfigureSipProxy.class, HierarchyTraversalMode.TOP_DOWN);
        for (Method method : methods) {
            if (Modifier.isPrivate(method.getModifiers())
                    || method.getParameterCount() != 1
                    || method.getParameterTypes()[0] != SipProxyExtension.Builder.class) {
                throw new ExtensionConfigurationException("@ConfigureSipProxy: " + method
                        + " must not be private and must have one parameter, a SipProxyExtension.Builder");
            }
            ReflectionSupport.invokeMethod(method, instance, builder);
        }
    }

    @Override
    public void afterEach(ExtensionContext context) throws Exception {
        SipProxyExtension sip = context.getStore(NAMESPACE).remove(SipProxyExtension.class, SipProxyExtension.class);
        if (sip != null) { // the proxy started
            sip.afterEach(context);
        }
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        return SipProxyExtension.resolves(parameter);
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        SipProxyExtension sip = context.getStore(NAMESPACE).get(SipProxyExtension.class, SipProxyExtension.class);
        if (sip == null) {
            throw new ParameterResolutionException(
                    parameter.getParameter().getType().getSimpleName() + ": the proxy of @SipProxyTest runs during a"
                            + " test only; move the parameter to a test, @BeforeEach or @AfterEach method");
        }
        return sip.resolveParameter(parameter, context);
    }
}
