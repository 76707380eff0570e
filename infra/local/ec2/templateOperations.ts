/** The operation that describes launch templates. Of a template it takes one, by its id or name; ranges of versions are not asked for. */
import { AwsError, type HomeContext, type Service } from '../wire/service.ts';
import { type LaunchTemplate, templatesOf, versionOf } from './launchTemplates.ts';

interface Input {
  readonly LaunchTemplateId?: string;
  readonly LaunchTemplateName?: string;
  /** All of them where it is absent. */
  readonly Versions?: readonly string[];
}

export function templateOperations(context: HomeContext): Service['operations'] {
  const templates = templatesOf(context);

  function find({ LaunchTemplateId: id, LaunchTemplateName: name }: Input): LaunchTemplate {
    if ((id === undefined) === (name === undefined))
      throw new AwsError('InvalidParameterCombination', 'Give one of LaunchTemplateId and LaunchTemplateName');
    const found = id === undefined ? templates.all().find((one) => one.name === name) : templates.get(id);
    if (found != null) return found;
    throw id === undefined
      ? new AwsError('InvalidLaunchTemplateName.NotFoundException', `At least one of the templates does not exist`)
      : new AwsError('InvalidLaunchTemplateId.NotFound', `The launch template ID '${id}' does not exist`);
  }

  return {
    DescribeLaunchTemplateVersions(input: Input) {
      const template = find(input);
      const all = template.versions.map((_, index) => index + 1);
      const numbers = input.Versions?.map((version) => versionOf(template, version)) ?? all;
      const LaunchTemplateVersions = numbers.map((number) => {
        const data = template.versions[number - 1];
        if (data === undefined)
          throw new AwsError('InvalidLaunchTemplateId.VersionNotFound', `${template.id} has no version ${number}`);
        return {
          LaunchTemplateId: template.id,
          LaunchTemplateName: template.name,
          VersionNumber: number,
          DefaultVersion: number === template.versions.length,
          LaunchTemplateData: data,
        };
      });
      return { LaunchTemplateVersions };
    },
  };
}
