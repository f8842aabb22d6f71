package org.sipproxy.samples;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackages;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import org.junit.jupiter.api.Test;

/** Which of our modules may know which: here, because only the samples have all of them on the class path. */
class ModuleArrowsTest {

    private static final String TESTKIT = "org.sipproxy.testkit..";

    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(location -> !location.contains("test-classes") && !location.contains("-tests.jar"))
            .importPackages("org.sipproxy");

    @Test
    void addOnsKnowTheApiOnly() {
        for (String addOn : new String[] {"jdbc", "nat", "security"}) {
            noClasses()
                    .that()
                    .resideInAPackage("org.sipproxy." + addOn + "..")
                    .should()
                    .dependOnClassesThat(resideInAPackage("org.sipproxy..")
                            .and(resideOutsideOfPackages("org.sipproxy.api..", "org.sipproxy." + addOn + "..")))
                    .because("a host's own component has no more than the API either")
                    .check(CLASSES);
        }
    }

    @Test
    void nothingThatServesKnowsTheTestkit() {
        noClasses()
                .that()
                .resideOutsideOfPackage(TESTKIT)
                .should()
                .dependOnClassesThat()
                .resideInAPackage(TESTKIT)
                .because("it brings JUnit")
                .check(CLASSES);
    }

    @Test
    void testkitKnowsNothingInternal() {
        noClasses()
                .that()
                .resideInAPackage(TESTKIT)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("org.sipproxy.core.internal..", "org.sipproxy.nat..", "org.sipproxy.jdbc..")
                .check(CLASSES);
    }
}
