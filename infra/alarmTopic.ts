/** Who is told of alarms: one SNS topic of the operator's, for every alarm of the stack. */
import { Aspects, type Stack } from 'aws-cdk-lib';
import { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Topic } from 'aws-cdk-lib/aws-sns';

/** Call it once; alarms that are made later are covered too. */
export function tellOfAlarms(stack: Stack, topicArn: string): void {
  const action = new SnsAction(Topic.fromTopicArn(stack, 'AlarmTopic', topicArn));
  Aspects.of(stack).add({
    visit(node) {
      if (!(node instanceof Alarm)) return;
      node.addAlarmAction(action);
      node.addOkAction(action);
    },
  });
}
