package org.sipproxy.spring.test;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.support.BeanDefinitionRegistry;
import org.springframework.beans.factory.support.RootBeanDefinition;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.test.context.ContextConfigurationAttributes;
import org.springframework.test.context.ContextCustomizer;
import org.springframework.test.context.ContextCustomizerFactory;
import org.springframework.test.context.MergedContextConfiguration;
import org.springframework.test.context.TestContextAnnotationUtils;

/** Adds the phones to the contexts of tests with {@link AutoConfigureSipPhones}. */
final class SipPhonesContextCustomizerFactory implements ContextCustomizerFactory {

    @Override
    public @Nullable ContextCustomizer createContextCustomizer(
            Class<?> testClass, List<ContextConfigurationAttributes> attributes) {
        return TestContextAnnotationUtils.hasAnnotation(testClass, AutoConfigureSipPhones.class)
                ? new PhonesCustomizer()
                : null;
    }

    /** All are equal, so that contexts are shared. */
    private record PhonesCustomizer() implements ContextCustomizer {

        @Override
        public void customizeContext(ConfigurableApplicationContext context, MergedContextConfiguration merged) {
            BeanDefinitionRegistry beans = (BeanDefinitionRegistry) context.getBeanFactory();
            beans.registerBeanDefinition("sipPhones", new RootBeanDefinition(SipPhonesConfiguration.class));
        }
    }
}
